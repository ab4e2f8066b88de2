"""Dub one video: framework-free. The CLI, the server's workers and the tests all drive `pipeline.dub`."""
