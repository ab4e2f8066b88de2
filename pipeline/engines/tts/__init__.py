"""Engines that turn a line into speech."""
