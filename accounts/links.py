"""Addresses of this site for people who are not on it: in mails, and to hand over."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def link(request: HttpRequest, path: str) -> str:
    """Under PUBLIC_BASE_URL where it is set. Otherwise as the request came, which may be at any port of this host."""
    base: str = settings.PUBLIC_BASE_URL
    return f"{base}{path}" if base else request.build_absolute_uri(path)
