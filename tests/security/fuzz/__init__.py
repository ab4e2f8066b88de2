"""Input that nobody meant: changed files, texts and headers, for as long as one likes."""
