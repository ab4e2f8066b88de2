"""What templates are told about the request, beside who is signed in."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.request import split_domain_port


def passkeys(request: HttpRequest) -> dict[str, bool]:
    """Browsers make passkeys for a name only, and only over https or for this very machine (WebAuthn, section 5)."""
    try:
        host = split_domain_port(request.get_host())[0]
    except DisallowedHost:  # the page that says so is made with this, too
        return {"passkeys_possible": False}
    return {"passkeys_possible": host == "localhost" or (request.is_secure() and not _is_address(host))}


def mail(request: HttpRequest) -> dict[str, bool]:
    """Whether people can be sent links."""
    return {"mail_is_sent": settings.MAIL_IS_SENT}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
