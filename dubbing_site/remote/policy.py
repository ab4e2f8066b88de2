"""Which addresses are let in: the rule for each, and why not. Pure, but for Cloudflare Access' word (`cloudflare`)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from dubbing_site.remote.addresses import Client, Headers, Network, is_forwarding, is_within

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


class Mode(StrEnum):
    OFF = "off"
    TAILSCALE = "tailscale"
    CLOUDFLARE = "cloudflare"


class Rule(StrEnum):
    """Why somebody is kept out. Named in the answer, the audit trail and docs/remote-access.md."""

    ADDRESS = "address_not_allowed"
    UNDECLARED_PROXY = "undeclared_proxy"
    UNREADABLE = "forwarded_unreadable"
    NOT_BY_CLOUDFLARE = "not_through_cloudflare"
    NO_TOKEN = "access_token_missing"  # noqa: S105 - a rule's name
    BAD_TOKEN = "access_token_invalid"  # noqa: S105
    NO_KEYS = "access_keys_unavailable"


WHY: dict[Rule, StrPromise] = {
    Rule.ADDRESS: _("This server does not answer your network address."),
    Rule.UNDECLARED_PROXY: _("The proxy you came through is not known to this server."),
    Rule.UNREADABLE: _("The proxy you came through did not say who you are."),
    Rule.NOT_BY_CLOUDFLARE: _("This server answers only what comes through Cloudflare Access."),
    Rule.NO_TOKEN: _("Cloudflare Access did not vouch for you."),
    Rule.BAD_TOKEN: _("What Cloudflare Access said of you is not valid, or no longer."),
    Rule.NO_KEYS: _("Cloudflare's keys cannot be fetched at the moment; try again in a minute."),
}


def networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


LOOPBACK = networks("127.0.0.0/8", "::1/128")
# RFC 1918, RFC 3927, RFC 4193, RFC 4291: what routers at home and in offices give out, and never the internet.
PRIVATE = networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
# https://tailscale.com/kb/1015/100.x-addresses
TAILSCALE = networks("100.64.0.0/10", "fd7a:115c:a1e0::/48")


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows."""

    mode: Mode
    allowed: tuple[Network, ...]
    trusted_proxies: tuple[Network, ...]

    def verdict(self, client: Client, headers: Headers) -> Rule | None:
        """The rule that keeps the client out, if any. Those that `needs_token` must show one besides."""
        if client.address is None:
            return None
        if self.mode is not Mode.OFF and not client.is_forwarded and _claims_to_be_forwarded(headers):
            # It would pass for the machine that the proxy runs on.
            return Rule.UNDECLARED_PROXY
        if self.needs_token(client):
            return None
        if is_within(client.address, self.allowed):
            return None
        return Rule.NOT_BY_CLOUDFLARE if self.mode is Mode.CLOUDFLARE else Rule.ADDRESS

    def needs_token(self, client: Client) -> bool:
        return self.mode is Mode.CLOUDFLARE and client.is_forwarded


def configured() -> Policy:
    """The settings' policy. They were checked when they were read."""
    mode = Mode(settings.REMOTE_ACCESS_MODE)
    own = {Mode.OFF: PRIVATE, Mode.TAILSCALE: TAILSCALE, Mode.CLOUDFLARE: ()}[mode]
    allowed = LOOPBACK + _listened_on(settings.ENVIRONMENT.host) + own + networks(*settings.REMOTE_ALLOWED_NETWORKS)
    return Policy(mode, allowed, networks(*settings.TRUSTED_PROXIES))


def _listened_on(host: str) -> tuple[Network, ...]:
    """This machine's own address, from which it reaches a server that does not listen on loopback."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ()
    return () if address.is_unspecified else networks(host)


def _claims_to_be_forwarded(headers: Headers) -> bool:
    return any(is_forwarding(name) for name, _value in headers)


def described(allowed: Sequence[Network]) -> str:
    return ", ".join(str(network) for network in allowed) or "-"
