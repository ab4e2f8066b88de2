"""Who speaks: what was found and what the user wrote about it, the voices they get, and who they are in a series."""

KEY_SETTING = "DUBBING_VOICE_KEY"  # the environment variable with the keys of a voice memory
