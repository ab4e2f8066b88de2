"""Sockets open for who may, and close soon after that is over."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from channels.routing import URLRouter
from django.conf import settings as site
from django.test import Client
from django.utils import timezone
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from accounts import keys
from accounts.models import ApiKey, User
from accounts.scopes import Role, Scope
from accounts.sessions.liveness import still_valid
from accounts.sessions.store import end, is_alive, key_hash, sessions_of
from accounts.sockets import OPEN_AT_MOST, GuardedSocket
from jobs.models import Job, JobState
from jobs.sockets import websocket_urlpatterns
from tests.factories import make_job, make_user
from tests.web.access_table import NEEDS, SOCKETS, answers
from tests.web.conftest import RunningServer, running_server, wait_until

TABLE = [line.split() for line in filter(None, SOCKETS.splitlines())]
CLOSES_WITHIN_S = 15.0  # 5 on a machine with time to spare


@pytest.fixture
def job(server: RunningServer, alice: User) -> Job:
    return make_job(alice, state=JobState.RUNNING)


def cookie_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[site.SESSION_COOKIE_NAME].value


def dial(server: RunningServer, job: Job, *, key: str = "", cookie: str = "") -> ClientConnection:
    return call(server, f"ws/jobs/{job.id}/", key=key, cookie=cookie)


def call(server: RunningServer, path: str, *, key: str = "", cookie: str = "") -> ClientConnection:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    headers |= {"Cookie": f"{site.SESSION_COOKIE_NAME}={cookie}"} if cookie else {}
    return connect(f"ws://{server.address}/{path}", additional_headers=headers)


def told(socket: ClientConnection) -> str:
    """As in the table: `in` once it says something, else what it is closed with."""
    try:
        socket.recv(timeout=CLOSES_WITHIN_S)
    except ConnectionClosed as closed:
        return str(closed.rcvd.code) if closed.rcvd else "lost"
    return "in"


def close_code(socket: ClientConnection) -> int | None:
    """What the server closes with, after whatever it still says; None while it stays open."""
    deadline_s = time.monotonic() + CLOSES_WITHIN_S
    try:
        while (left_s := deadline_s - time.monotonic()) > 0:
            socket.recv(timeout=left_s)
    except TimeoutError:
        return None
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
    return None


def key_of(owner: User, *scopes: Scope, **more: Any) -> keys.NewKey:
    return keys.make_key(owner, "script", scopes, **({"expires_at": None} | more))


def test_every_socket_is_in_the_table_and_says_what_it_needs() -> None:
    found = {
        str(route.pattern) or "<any>": getattr(route.callback.consumer_class, "needs", None)
        for route in URLRouter(websocket_urlpatterns).routes
    }

    assert found == {route: None if area == "-" else NEEDS[area][0] for route, area, _kind in TABLE}
    guarded = [route.callback.consumer_class for route in websocket_urlpatterns if found[str(route.pattern) or "<any>"]]
    assert all(issubclass(consumer, GuardedSocket) for consumer in guarded)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("route", "area", "kind"), TABLE)
def test_everybody_gets_the_answer_of_the_table(
    server: RunningServer, job: Job, alice: User, bob: User, route: str, area: str, kind: str
) -> None:
    path = route.replace("<uuid:job_id>", str(job.id)).replace("<any>", "ws/nothing/")
    rule, need = (kind, "") if area == "-" else (kind.replace(":", ":read:"), NEEDS[area][0])
    others = [scope for scope in Scope if scope not in (need, Scope.ADMIN)]
    people = {role: make_user(role.value, role=role) for role in (Role.VIEWER, Role.MODERATOR, Role.ADMIN)}
    comes_with = {
        "anonymous": {},
        "other": {"cookie": cookie_of(bob)},
        "owner": {"cookie": cookie_of(alice)},
        "viewer": {"cookie": cookie_of(people[Role.VIEWER])},
        "key_without": {"key": key_of(alice, *others).text},
        "key_with": {"key": key_of(alice, Scope(need or "jobs:read")).text},
        "moderator": {"cookie": cookie_of(people[Role.MODERATOR])},
        "admin": {"cookie": cookie_of(people[Role.ADMIN])},
    }

    answered = {}
    for actor, credentials in comes_with.items():
        with call(server, path, **credentials) as socket:
            answered[actor] = told(socket)

    assert answered == answers()[rule]


@pytest.mark.django_db(transaction=True)
def test_a_user_has_so_many_sockets_open_and_no_more(server: RunningServer, job: Job, alice: User, bob: User) -> None:
    cookie = cookie_of(alice)

    def is_let_in() -> bool:
        with dial(server, job, cookie=cookie) as socket:
            return told(socket) == "in"

    with ExitStack() as stack:
        sockets = [stack.enter_context(dial(server, job, cookie=cookie)) for _ in range(OPEN_AT_MOST)]
        assert [told(socket) for socket in sockets] == ["in"] * OPEN_AT_MOST

        with dial(server, job, cookie=cookie) as one_more, dial(server, make_job(bob), cookie=cookie_of(bob)) as bobs:
            assert told(one_more) == "4429"
            assert told(bobs) == "in"

        sockets[0].close()
        wait_until(is_let_in, "who leaves makes room")


@pytest.mark.django_db(transaction=True)
def test_who_may_not_is_told_why(server: RunningServer, job: Job, alice: User, bob: User) -> None:
    bad = f"{key_of(alice, Scope.JOBS_READ).text}0"
    admin = make_user("admin", role=Role.ADMIN)

    codes = {}
    for name, come_with in {
        "nobody": {},
        "a bad key": {"key": bad},
        "a bad key beside a good session": {"key": bad, "cookie": cookie_of(alice)},
        "a key without the scope": {"key": key_of(alice, Scope.JOBS_WRITE, Scope.LIBRARY_READ).text},
        "somebody else's key": {"key": key_of(bob, Scope.JOBS_READ).text},
        "somebody else": {"cookie": cookie_of(bob)},
        "an administrator": {"cookie": cookie_of(admin)},
    }.items():
        with dial(server, job, **come_with) as socket:
            codes[name] = close_code(socket)

    assert codes == {
        "nobody": 4401,
        "a bad key": 4401,
        "a bad key beside a good session": 4401,
        "a key without the scope": 4403,
        "somebody else's key": 4404,
        "somebody else": 4404,
        "an administrator": 4404,
    }


@pytest.mark.django_db(transaction=True)
def test_a_socket_of_a_session_from_before_a_new_secret_key_opens_and_keeps_the_session(
    data_dir: Path, alice: User
) -> None:
    cookie, job = cookie_of(alice), make_job(alice, state=JobState.RUNNING)
    changed = {"SECRET_KEY": "another key, as long as one that a site makes for itself it is"}

    with (
        running_server(data_dir, **changed, SECRET_KEY_FALLBACKS=site.SECRET_KEY) as server,
        dial(server, job, cookie=cookie) as socket,
    ):
        first = socket.recv(timeout=CLOSES_WITHIN_S)

    assert first
    assert is_alive(cookie, alice)


@pytest.mark.django_db(transaction=True)
def test_a_socket_closes_soon_after_what_opened_it_is_over(server: RunningServer, job: Job, alice: User) -> None:
    ended, kept = cookie_of(alice), cookie_of(alice)
    revoked, expires = key_of(alice, Scope.JOBS_READ), key_of(alice, Scope.JOBS_READ)
    with (
        dial(server, job, cookie=ended) as by_ended,
        dial(server, job, cookie=kept) as by_kept,
        dial(server, job, key=revoked.text) as by_revoked,
        dial(server, job, key=expires.text) as by_expired,
    ):
        for socket in (by_ended, by_kept, by_revoked, by_expired):
            socket.recv(timeout=CLOSES_WITHIN_S)  # the job's first event: it is open

        assert end(alice, sessions_of(alice).get(session_key=key_hash(ended)).public_id)
        keys.revoke_key(revoked.key, by=alice)
        ApiKey.objects.filter(id=expires.key.id).update(expires_at=timezone.now())

        assert [close_code(socket) for socket in (by_ended, by_revoked, by_expired)] == [4401] * 3
        by_kept.ping().wait(CLOSES_WITHIN_S)
        assert by_kept.close_code is None

        User.objects.filter(pk=alice.pk).update(is_active=False)
        assert close_code(by_kept) == 4401
    wait_until(lambda: server.process.poll() is None, "the server lives")


def test_a_role_that_is_lowered_counts_at_the_next_look(alice: User) -> None:
    made = key_of(alice, Scope.JOBS_READ, Scope.JOBS_WRITE)
    client = Client()
    client.force_login(alice)
    with_key = {"user": alice, "auth": made.key}
    with_session = {"user": alice, "session": client.session}
    before = [still_valid(scope, Scope.JOBS_WRITE) for scope in (with_key, with_session)]

    alice.role = Role.VIEWER
    alice.save()

    assert before == [True, True]
    assert [still_valid(scope, Scope.JOBS_WRITE) for scope in (with_key, with_session)] == [False, False]
    assert [still_valid(scope, Scope.JOBS_READ) for scope in (with_key, with_session)] == [True, True]


@pytest.mark.parametrize("lifetime", [timedelta(hours=1), None])
def test_a_key_that_lives_stays(alice: User, lifetime: timedelta | None) -> None:
    made = key_of(alice, Scope.JOBS_READ, expires_at=timezone.now() + lifetime if lifetime else None)

    assert still_valid({"user": alice, "auth": made.key}, Scope.JOBS_READ)
