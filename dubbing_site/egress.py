"""ALLOW_EGRESS=0: no process of this server connects to other machines but those that its settings name."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from pipeline import egress


def enforce() -> None:
    """In this process from now on, and in the Python processes that it starts."""
    if settings.ALLOW_EGRESS:
        return
    egress.forbid(allowed_hosts())
    os.environ[egress.VARIABLE] = egress.FORBIDDEN


def allowed_hosts() -> set[str]:
    """Names and addresses, from the settings of the database, Redis, the mail server and the sign-in service."""
    named = {settings.ENVIRONMENT.host, *str(connection.settings_dict["HOST"]).split(",")}
    named.add(urlsplit(settings.REDIS_URL).hostname or "")
    if settings.ENVIRONMENT.email_url:
        named.add(settings.EMAIL_HOST)
    if settings.ENVIRONMENT.remote_access_mode == "cloudflare":
        named.add(urlsplit(f"//{settings.ENVIRONMENT.cloudflare_team_domain}").hostname or "")
    return {host for host in named if host and not host.startswith("/")}
