"""The client's address: the peer's, or what trusted proxies say of it. Pure functions."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Headers = Sequence[tuple[bytes, bytes]]

MOST_HOPS = 32  # proxies in a row; whatever stands further left was sent by the client
# Whatever proxies say of the client, and what they call the request, which the audit trail must name by an id of our
# own. Nothing behind the edge sees any of it, from whomever it comes.
NAMES_OF_REQUESTS = (b"x-request-id", b"x-correlation-id")
FORWARDING = (b"forwarded", b"via", b"x-real-ip", b"x-client-ip", b"x-cluster-client-ip", b"true-client-ip")
FORWARDING_PREFIXES = (b"x-forwarded-", b"cf-", b"tailscale-")


class ForwardedUnreadable(ValueError):
    """A trusted proxy named something that is no address."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks. `address` is None for whoever came through a socket of this machine that has none."""

    address: Address | None
    is_forwarded: bool
    is_encrypted: bool


def parse_address(text: str) -> Address:
    """`192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:443`; IPv4 mapped into IPv6 is IPv4.

    Raises ValueError for anything else.
    """
    text = text.strip()
    if text.startswith("["):
        text, _bracket, port = text[1:].partition("]")
        if not _bracket or (port and not _is_port(port)):
            raise ValueError("a bracket is missing")
    elif text.count(":") == 1:
        text, _colon, port = text.partition(":")
        if not _is_port(f":{port}"):
            raise ValueError("not a port")
    parsed = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return parsed.ipv4_mapped
    return parsed


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def resolve(peer: str | None, headers: Headers, trusted: Sequence[Network]) -> Client:
    """The rightmost address of X-Forwarded-For that is no trusted proxy's, as far as the peer is one.

    Each proxy appends whom it was called by, so everything left of the first stranger is that stranger's own claim.
    Raises ForwardedUnreadable.
    """
    if not peer:
        return Client(None, is_forwarded=False, is_encrypted=False)
    address = parse_address(peer)
    if not is_within(address, trusted):
        return Client(address, is_forwarded=False, is_encrypted=False)
    is_encrypted = _last(headers, b"x-forwarded-proto") in (b"https", b"wss")
    hops = _hops(headers)
    for hop in reversed(hops):
        try:
            address = parse_address(hop)
        except ValueError as error:
            raise ForwardedUnreadable(hop[:64]) from error
        if not is_within(address, trusted):
            break
    return Client(address, is_forwarded=bool(hops), is_encrypted=is_encrypted)


def is_dropped(name: bytes) -> bool:
    return name in NAMES_OF_REQUESTS or is_forwarding(name)


def is_forwarding(name: bytes) -> bool:
    return name in FORWARDING or name.startswith(FORWARDING_PREFIXES)


def values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]


def _last(headers: Headers, name: bytes) -> bytes:
    """Of a list that each proxy may append to, what the nearest one said."""
    return b",".join(values(headers, name)).rpartition(b",")[2].strip().lower()


def _hops(headers: Headers) -> list[str]:
    joined = b",".join(values(headers, b"x-forwarded-for")).decode("latin1")
    return [hop for hop in joined.rsplit(",", MOST_HOPS)[-MOST_HOPS:] if hop.strip()]


def _is_port(text: str) -> bool:
    return text[:1] == ":" and text[1:].isascii() and text[1:].isdigit() and len(text) <= 6
