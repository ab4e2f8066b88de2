"""The second step of signing in: codes, what a session has shown, and the way to showing it."""
