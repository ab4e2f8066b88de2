"""Pages about accounts, a module a topic."""
