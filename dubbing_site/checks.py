"""What `check --deploy` says of this site besides Django's own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def proxy_is_declared(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    if not settings.ENVIRONMENT.is_https or settings.TRUSTED_PROXIES:
        return []
    text = "PUBLIC_BASE_URL is https, so a proxy stands before the server, but TRUSTED_PROXIES does not name it."
    hint = "Set it to the proxy's address: until then everybody has the proxy's address, and limits count them as one."
    return [Warning(text, hint=hint, id="dubbing_site.W001")]


@register(Tags.security, deploy=True)
def site_is_encrypted(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    if settings.ENVIRONMENT.is_https:
        return []
    text = "PUBLIC_BASE_URL is not https: whoever listens on the way can read passwords and sessions."
    return [Warning(text, hint="docs/remote-access.md shows four ways to https.", id="dubbing_site.W002")]
