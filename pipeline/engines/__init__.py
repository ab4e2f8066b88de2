"""Speech and language engines behind small interfaces. Stages reach them through `registry` only."""
