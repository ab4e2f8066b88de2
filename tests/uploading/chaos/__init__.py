"""Faults of networks, servers, disks and clients done to uploads, and what came of them."""
