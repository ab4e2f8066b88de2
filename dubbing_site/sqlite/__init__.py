"""Django's SQLite backend, taught to wait its turn (`base`)."""
