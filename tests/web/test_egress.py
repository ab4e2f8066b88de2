"""ALLOW_EGRESS=0: a canary on this machine's own network address hears nothing from any process of the server."""

from __future__ import annotations

import ipaddress
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from django.conf import LazySettings

from dubbing_site import egress as site_egress
from jobs import warm
from pipeline import egress
from tests.web.conftest import child_environment

HELLO_WITHIN_S = 60
CONNECT = "import socket; socket.create_connection(({host!r}, {port}), 30).close()"
# Every way in which Python's own sockets, and what is built on them, leave a machine.
ATTEMPTS = """
import asyncio, socket, urllib.request
from pipeline import egress
egress.forbid()
host, port = {host!r}, {port}
attempts = {{
    "connect": lambda: socket.create_connection((host, port), 5),
    "connect_ex": lambda: socket.socket().connect_ex((host, port)),
    "mapped": lambda: socket.socket(socket.AF_INET6).connect(("::ffff:" + host, port)),
    "datagram": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", (host, port)),
    "message": lambda: socket.socket(type=socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, (host, port)),
    "name": lambda: socket.getaddrinfo("canary.example.org", port),
    "old name": lambda: socket.gethostbyname("canary.example.org"),
    "asyncio": lambda: asyncio.run(asyncio.open_connection(host, port)),
    "web": lambda: urllib.request.urlopen(f"http://{{host}}:{{port}}/", timeout=5),
}}
for name, attempt in attempts.items():
    try:
        attempt()
    except OSError as error:
        while not isinstance(error, egress.EgressRefused) and isinstance(getattr(error, "reason", None), OSError):
            error = error.reason
        print(name, type(error).__name__)
    else:
        print(name, "got through")
"""


@dataclass
class Canary:
    """Listens where another machine would. Who came waits in the kernel's queue until it is asked."""

    listening: socket.socket

    @property
    def host(self) -> str:
        return str(self.listening.getsockname()[0])

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    @property
    def connecting(self) -> str:
        return CONNECT.format(host=self.host, port=self.port)

    def heard(self) -> int:
        """How many came since the last time."""
        count = 0
        with suppress(BlockingIOError):
            while True:
                self.listening.accept()[0].close()
                count += 1
        return count


def own_address() -> str | None:
    """One of this machine's that is not loopback."""
    addresses = [each.address for found in psutil.net_if_addrs().values() for each in found if each.family == 2]
    return next((each for each in addresses if not ipaddress.ip_address(each).is_loopback), None)


@pytest.fixture
def canary() -> Iterator[Canary]:
    host = own_address()
    if host is None:
        pytest.skip("this machine has no address but loopback")
    with socket.create_server((host, 0)) as listening:
        listening.setblocking(False)
        yield Canary(listening)


def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=more or None, capture_output=True, text=True, check=False, timeout=HELLO_WITHIN_S
    )


def test_python_reaches_nobody(canary: Canary) -> None:
    done = run(sys.executable, "-c", ATTEMPTS.format(host=canary.host, port=canary.port))

    answers = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    assert len(answers) == 9, done.stderr
    assert set(answers.values()) == {"EgressRefused"}
    assert canary.heard() == 0


def test_loopback_and_what_is_allowed_stay_open(canary: Canary) -> None:
    with socket.create_server(("127.0.0.1", 0)) as near:
        there = f"socket.create_connection(('localhost', {near.getsockname()[1]}), 30)"
        allowing = f"from pipeline import egress; egress.forbid(['{canary.host}']); "

        done = run(sys.executable, "-c", f"{allowing}{canary.connecting}; {there}")

    assert done.returncode == 0, done.stderr
    assert canary.heard() == 1


@pytest.mark.skipif(not egress.own_network(), reason="this user may make no network namespace")
@pytest.mark.parametrize("child", [False, True])
def test_a_dub_and_the_tools_it_starts_have_no_network(canary: Canary, settings: LazySettings, child: bool) -> None:
    settings.ALLOW_EGRESS = False
    program = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', {canary.connecting!r}]))"
    settings.RUNNER_COMMAND = (sys.executable, "-c", program if child else canary.connecting)

    done = run(*warm.command())

    assert done.returncode == 1
    assert "Network is unreachable" in done.stderr
    assert canary.heard() == 0


def test_where_it_is_allowed_a_dub_reaches_others(canary: Canary, settings: LazySettings) -> None:
    settings.ALLOW_EGRESS = True
    settings.RUNNER_COMMAND = (sys.executable, "-c", canary.connecting)

    assert run(*warm.command()).returncode == 0
    assert canary.heard() == 1


def test_a_runner_without_a_network_of_its_own_forbids_itself(canary: Canary) -> None:
    told = {egress.VARIABLE: egress.FORBIDDEN, "PYTHONPATH": str(Path(egress.__file__).parents[1])}
    trying = f"from pipeline.egress import forbid_if_told; forbid_if_told(); {canary.connecting}"

    done = run(sys.executable, "-c", trying, **told)

    assert "EgressRefused" in done.stderr
    assert canary.heard() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("allowed", "heard"), [("0", 0), ("1", 1)])
def test_processes_of_the_site_are_bound_from_their_start(
    canary: Canary, data_dir: Path, allowed: str, heard: int
) -> None:
    starting = f"import django; django.setup(); {canary.connecting}"

    done = run(sys.executable, "-c", starting, **child_environment(data_dir, ALLOW_EGRESS=allowed))

    assert ("EgressRefused" in done.stderr) == (not heard)
    assert canary.heard() == heard


def test_the_servers_that_are_set_may_be_reached(settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://:secret@redis.internal:6379/0"

    assert "redis.internal" in site_egress.allowed_hosts()
