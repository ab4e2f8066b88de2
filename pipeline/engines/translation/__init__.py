"""Engines that turn a line in one language into a line in another."""
