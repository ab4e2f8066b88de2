"""What a setting must agree with besides its own type: the other settings, this machine."""

from __future__ import annotations

import ipaddress
import os
import re
import zoneinfo
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from dubbing_site.environment.fields import Environment

DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "unix")
HOST_NAME = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")


def check(settings: Environment) -> None:
    """Raises ImproperlyConfigured, one line naming the setting, for the first value that cannot be used."""
    if settings.port > 65535:
        raise ImproperlyConfigured(f"PORT={settings.port} cannot be used: the most is 65535")
    if settings.heartbeat_seconds * 2 > settings.lease_seconds:
        raise ImproperlyConfigured(
            f"HEARTBEAT_SECONDS={settings.heartbeat_seconds} cannot be used: "
            f"at most half of LEASE_SECONDS ({settings.lease_seconds}), so that one missed beat is forgiven"
        )
    if settings.public_base_url and not settings.public_base_url.startswith(("http://", "https://")):
        raise ImproperlyConfigured(
            f"PUBLIC_BASE_URL={settings.public_base_url!r} cannot be used: start it with http:// or https://"
        )
    if settings.time_zone not in zoneinfo.available_timezones():
        raise ImproperlyConfigured(f"TIME_ZONE={settings.time_zone!r} cannot be used: write it like Europe/Berlin")
    scheme = settings.database_url.partition(":")[0]
    if settings.database_url and scheme not in DATABASE_SCHEMES:
        raise ImproperlyConfigured(
            f"DATABASE_URL={scheme}:… cannot be used: start it with one of {', '.join(DATABASE_SCHEMES)}"
        )
    _check_queue(settings)
    _check_imports(settings)
    _check_remote_access(settings)
    for origin in settings.csrf_trusted_origins:
        if "://" not in origin:
            raise ImproperlyConfigured(
                f"CSRF_TRUSTED_ORIGINS={origin!r} cannot be used: start each with http:// or https://"
            )


def _check_queue(settings: Environment) -> None:
    scheme = settings.redis_url.partition(":")[0]
    if settings.redis_url and scheme not in REDIS_SCHEMES:
        raise ImproperlyConfigured(
            f"REDIS_URL={scheme}:… cannot be used: start it with one of {', '.join(REDIS_SCHEMES)}"
        )
    if settings.queue_mode == "redis" and not settings.redis_url:
        raise ImproperlyConfigured("QUEUE_MODE=redis cannot be used: set REDIS_URL too, or choose auto")


def _check_imports(settings: Environment) -> None:
    data_dir, names = Path(os.path.realpath(settings.data_dir)), set()
    for written in settings.import_folders:
        folder, name = Path(os.path.realpath(written)), Path(written).name
        if not os.path.isabs(written) or not name or name == "..":
            wrong = "write a folder's whole path"
        elif folder.is_relative_to(data_dir) or data_dir.is_relative_to(folder):
            wrong = "everybody's uploads lie there"
        elif name in names:
            wrong = f"another of these folders is called {name!r}, too"
        else:
            names.add(name)
            continue
        raise ImproperlyConfigured(f"IMPORT_FOLDERS={written!r} cannot be used: {wrong}")


def _check_remote_access(settings: Environment) -> None:
    for name in ("remote_allowed_networks", "trusted_proxies"):
        for network in getattr(settings, name):
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise ImproperlyConfigured(
                    f"{name.upper()}={network!r} cannot be used: write each like 192.0.2.1 or 192.0.2.0/24"
                ) from None
    if settings.remote_access_mode != "cloudflare":
        return
    if not HOST_NAME.fullmatch(settings.cloudflare_team_domain):
        raise ImproperlyConfigured(
            f"CLOUDFLARE_TEAM_DOMAIN={settings.cloudflare_team_domain!r} cannot be used: "
            "REMOTE_ACCESS_MODE=cloudflare needs it, such as example.cloudflareaccess.com, without https://"
        )
    if not settings.cloudflare_audience:
        raise ImproperlyConfigured("CLOUDFLARE_AUDIENCE= cannot be used: REMOTE_ACCESS_MODE=cloudflare needs it")
    if not settings.trusted_proxies:
        raise ImproperlyConfigured(
            "TRUSTED_PROXIES= cannot be used: REMOTE_ACCESS_MODE=cloudflare needs the address of cloudflared, "
            "such as 127.0.0.1"
        )
