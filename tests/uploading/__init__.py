"""Servers that take uploads, ours and the reference, and what speaks to them: shared by every test of uploads."""
