"""Dubs as work: asked for, queued, run by workers, watched live."""
