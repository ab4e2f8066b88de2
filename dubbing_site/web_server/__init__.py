"""How the web server treats connections: bodies are read as they arrive, and early answers reach their reader."""

ARRIVING_BODY = "dubbing.arriving_body"  # the ASGI extension that carries a body still on its way
