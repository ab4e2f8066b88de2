"""Attacks on a real server, and what it answered."""
