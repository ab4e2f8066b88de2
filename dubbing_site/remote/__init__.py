"""Who is let in from where: the client's address behind proxies, the networks allowed, Cloudflare Access' word.

`edge.Edge` stands before everything else, sockets too. What comes after it reads REMOTE_ADDR and nothing else.
"""
