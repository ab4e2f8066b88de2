"""What happened, for those who must be able to look it up: written, kept from changes, read."""
