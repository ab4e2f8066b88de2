"""Engines that turn speech into timed words."""
