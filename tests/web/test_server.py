"""The web server's manners: bounded memory, health, headers."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
from pathlib import Path

import psutil
import pytest
from django.conf import LazySettings
from django.conf import settings as site
from django.test import Client

from accounts.models import User
from library.models import Dub
from tests.factories import make_dub
from tests.web.conftest import RunningServer, wait_until

SIZE_BYTES = 200 * 1024 * 1024
MAY_GROW_BYTES = 40 * 1024 * 1024


@pytest.fixture
def film(server: RunningServer, alice: User, tmp_path: Path) -> Dub:
    """200 MB that take no space on disk."""
    dub = make_dub(alice, tmp_path)
    with dub.artifacts.get().path.open("wb") as file:
        file.truncate(SIZE_BYTES)
    return dub


def request_for(film: Dub, user: User) -> bytes:
    client = Client()
    client.force_login(user)
    cookie = f"{site.SESSION_COOKIE_NAME}={client.cookies[site.SESSION_COOKIE_NAME].value}"
    return f"GET /api/dubs/{film.id}/files/mp4 HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()


@pytest.mark.django_db(transaction=True)
def test_a_slow_reader_does_not_fill_the_servers_memory(server: RunningServer, film: Dub, alice: User) -> None:
    process = psutil.Process(server.process.pid)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as link:
        before_bytes = process.memory_info().rss
        link.sendall(request_for(film, alice))
        assert link.recv(15).startswith(b"HTTP/1.1 200")
        assert server.is_up()  # others are served meanwhile
        highest_bytes = received = 0
        while received < SIZE_BYTES // 2:
            received += len(link.recv(1024 * 1024))
            highest_bytes = max(highest_bytes, process.memory_info().rss)

    assert highest_bytes - before_bytes < MAY_GROW_BYTES


@pytest.mark.django_db(transaction=True)
def test_a_large_upload_does_not_fill_the_servers_memory(server: RunningServer, alice: User, data_dir: Path) -> None:
    process = psutil.Process(server.process.pid)
    before_bytes = process.memory_info().rss
    head = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n'
    tail = b"\r\n--frontier--\r\n"
    client = Client()
    client.force_login(alice)
    client.get("/accounts/login/")
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    cookies += f"; {site.CSRF_COOKIE_NAME}={'c' * 32}"

    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    link.putrequest("POST", "/api/uploads")
    link.putheader("Content-Type", "multipart/form-data; boundary=frontier")
    link.putheader("Content-Length", str(len(head) + SIZE_BYTES + len(tail)))
    link.putheader("Cookie", cookies)
    link.putheader(site.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-"), "c" * 32)
    link.endheaders(head)
    for _ in range(SIZE_BYTES // (1024 * 1024)):
        link.send(bytes(1024 * 1024))
    link.send(tail)
    answer = link.getresponse()

    assert (answer.status, json.loads(answer.read())["code"]) == (422, "input.not_media")
    assert highest_rss_bytes(process.pid) - before_bytes < MAY_GROW_BYTES
    wait_until(lambda: not large_files(data_dir), "nothing of it is left on disk")
    link.close()


def large_files(folder: Path) -> list[Path]:
    sizes = subprocess.run(["find", str(folder), "-type", "f", "-size", "+1M"], capture_output=True, check=True)
    return [Path(line) for line in sizes.stdout.decode().splitlines()]


def highest_rss_bytes(pid: int) -> int:
    """The most memory the process ever held, as the kernel counts it."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


@pytest.mark.django_db(transaction=True)
def test_a_file_arrives_whole_and_the_connection_serves_the_next(server: RunningServer, film: Dub, alice: User) -> None:
    client = Client()
    client.force_login(alice)
    headers = {"Cookie": f"{site.SESSION_COOKIE_NAME}={client.cookies[site.SESSION_COOKIE_NAME].value}"}
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    for _ in range(2):
        link.request("GET", f"/api/dubs/{film.id}/files/mp4", headers=headers | {"Range": "bytes=10-99999999"})
        response = link.getresponse()
        assert (response.status, len(response.read())) == (206, 99_999_990)
    link.close()


@pytest.mark.django_db(transaction=True)
def test_a_reader_that_goes_away_leaves_no_open_file(server: RunningServer, film: Dub, alice: User) -> None:
    process = psutil.Process(server.process.pid)
    path = str(film.artifacts.get().path)

    def is_open() -> bool:
        return any(file.path == path for file in process.open_files())

    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as link:
        link.sendall(request_for(film, alice))
        link.recv(15)
        wait_until(is_open, "the file is being sent")

    wait_until(lambda: not is_open(), "the file is closed")


def test_health_says_what_is_missing(client: Client, db: None, settings: LazySettings) -> None:
    assert client.get("/healthz").content == b"ok\n"
    checks = dict.fromkeys(["draining", "database", "queue", "disk", "ffmpeg"], "ok")
    assert client.get("/readyz").json() == {"ready": True, "checks": checks, "egress": "allowed"}

    settings.FREE_SPACE_RESERVE_BYTES = 10**18
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["disk"]) == (503, "too little free space")


def test_a_missing_ffmpeg_is_told(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    assert client.get("/readyz").json()["checks"]["ffmpeg"] == "not installed: ffmpeg, ffprobe"


def test_pages_carry_strict_headers(client: Client, db: None) -> None:
    response = client.get("/accounts/login/")

    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response.cookies["csrftoken"]["samesite"] == "Lax"


def test_static_files_are_served_with_their_type(client: Client, db: None) -> None:
    response = client.get("/static/admin/css/base.css")

    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/css")
    assert client.get("/static/../manage.py").status_code == 404
