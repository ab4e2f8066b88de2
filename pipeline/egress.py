"""Keeps processes from reaching other machines, by two means that cover different things.

`own_network` starts a program in an empty network namespace: the kernel lets it and all it starts reach nothing, not
even this machine's loopback. It needs a system that lets this user make namespaces. `forbid` is for Python processes
that need some of the network: it refuses in Python's own sockets, and covers neither libraries that open sockets by
themselves (libpq, which connects to the configured database alone) nor programs the process starts.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from functools import cache
from typing import Any

from pipeline.processes import die_with_parent_prefix

TRY_WITHIN_S = 60
VARIABLE = "DUBBING_EGRESS"  # in the environment of a child; FORBIDDEN: it forbids itself
FORBIDDEN = "forbidden"
LOOK_UP_AGAIN_S = 1.0
INTERNET = (socket.AF_INET, socket.AF_INET6)


class EgressRefused(PermissionError):
    """This server may not connect to other machines; ALLOW_EGRESS=1 lets it."""


@cache
def own_network() -> tuple[str, ...]:
    """What to put before a command so that it has an empty network of its own; empty where that is not permitted.

    It costs 2 ms. A new user namespace takes root's right to read others' files, and the wish to die with the parent.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    if os.geteuid() == 0:
        prefix: tuple[str, ...] = (unshare, "--net", "--")
    else:
        prefix = (unshare, "--user", "--net", "--", *die_with_parent_prefix())
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False, timeout=TRY_WITHIN_S)
    return prefix if tried.returncode == 0 else ()


def forbid(allowed: Iterable[str] = ()) -> None:
    """From now on, for the rest of this process: connecting or sending to other machines, and asking for their
    addresses, raises EgressRefused, except for the `allowed` host names and addresses. Loopback stays open.
    """
    sys.addaudithook(_Guard(frozenset(host.lower().strip("[]") for host in allowed)).hear)


def forbid_if_told() -> None:
    """In a child that its parent started with VARIABLE."""
    if os.environ.get(VARIABLE) == FORBIDDEN:
        forbid()


class _Guard:
    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        self._addresses = {host for host in allowed if _address(host) is not None}
        self._looked_up_s = float("-inf")

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Every audit event of the interpreter comes here (PEP 578); nearly all end at the first line."""
        if not event.startswith("socket."):
            return
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            sender, target = arguments
            if target is not None and sender.family in INTERNET:
                self._require(str(target[0]))
        elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
            self._require_name(arguments[0])

    def _require(self, host: str) -> None:
        address = _address(host)
        if address is None:
            self._require_name(host)
        elif not (address.is_loopback or address.is_unspecified or self._is_of_allowed(str(address))):
            raise EgressRefused(f"connecting to {host} is not allowed here; ALLOW_EGRESS=1 allows it")

    def _require_name(self, host: str | bytes | None) -> None:
        """A literal address asks nobody for anything."""
        name = (host.decode("ascii", "replace") if isinstance(host, bytes) else host or "localhost").lower()
        if name not in self._allowed and name != "localhost" and _address(name) is None:
            raise EgressRefused(f"asking for the address of {name} is not allowed here; ALLOW_EGRESS=1 allows it")

    def _is_of_allowed(self, address: str) -> bool:
        """Addresses of names change: an unknown one is looked for among the newest, at most once a second."""
        if address not in self._addresses and time.monotonic() > self._looked_up_s + LOOK_UP_AGAIN_S:
            self._looked_up_s = time.monotonic()
            for host in self._allowed:
                self._addresses |= _addresses_of(host)
        return address in self._addresses


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _addresses_of(host: str) -> set[str]:
    try:
        return {str(_address(str(found[4][0]))) for found in socket.getaddrinfo(host, None)}
    except OSError:  # nobody knows it now: then nobody gets there either
        return set()
