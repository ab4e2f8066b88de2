"""Containers and streams: what ffprobe knows of a file, and the one way ffmpeg is run."""
