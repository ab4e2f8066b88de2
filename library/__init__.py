"""Finished dubs: what they are, and their files."""
