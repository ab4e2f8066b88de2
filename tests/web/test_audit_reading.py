"""Administrators look things up in the audit trail, in the administration and over the API; nobody else does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from accounts.audit.recording import Action, record
from accounts.models import AuditEntry, User
from accounts.scopes import Role
from tests.factories import make_user, verified_client

LIST = "/admin/accounts/auditentry/"
API = "/api/audit"


@pytest.fixture
def as_admin(db: None) -> Client:
    return verified_client(make_user("admin", role=Role.ADMIN))


@pytest.fixture
def entries(alice: User, bob: User) -> list[AuditEntry]:
    return [record(Action.KEY_MADE, actor=user, target=user) for user in (alice, bob)]


def test_the_list_filters_and_searches(as_admin: Client, entries: list[AuditEntry]) -> None:
    by_name = as_admin.get(LIST, {"q": "alice"}).content.decode()
    by_object = as_admin.get(LIST, {"object_id": entries[1].object_id}).content.decode()

    assert entries[0].object_id in by_name
    assert entries[1].object_id not in by_name
    assert entries[1].object_id in by_object
    assert entries[0].object_id not in by_object


def test_a_filter_that_makes_no_sense_leads_back_to_the_list(as_admin: Client) -> None:
    answer = as_admin.get(f"{LIST}export/?at__gte=x", follow=True)

    assert answer.status_code == 200
    assert answer.redirect_chain[-1] == (f"{LIST}?e=1", 302)


@pytest.mark.parametrize(
    "address",
    [
        "accounts/auditentry/?actor_name__regex=",
        "accounts/user/?username__iregex=",
        "uploads/upload/?name__regex=",
        "library/dub/?title__regex=",
        "jobs/job/?name__regex=",
        "jobs/job/?owner__username__regex=",
        "accounts/auditentry/export/?details__regex=",
    ],
)
def test_nobody_looks_for_patterns(as_admin: Client, address: str) -> None:
    assert as_admin.get(f"/admin/{address}(a%2B)%2B%24").status_code == 400


def test_nothing_can_be_changed_there(as_admin: Client, entries: list[AuditEntry]) -> None:
    address = f"{LIST}{entries[0].pk}"

    assert as_admin.get(f"{address}/change/").status_code == 200
    assert as_admin.post(f"{address}/change/", {"actor_name": "bob"}).status_code == 403
    assert as_admin.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    assert as_admin.get(f"{LIST}add/").status_code == 403


def test_what_the_list_shows_can_be_taken_away(as_admin: Client, entries: list[AuditEntry]) -> None:
    answer = as_admin.get(f"{LIST}export/", {"q": "alice"})

    lines = [json.loads(line) for line in b"".join(answer).splitlines()]
    assert [line["actor_name"] for line in lines] == ["alice"]
    taken = AuditEntry.objects.filter(action=Action.AUDIT_EXPORTED).get()
    assert taken.details == {"filters": {"q": ["alice"]}}


def test_it_is_taken_away_in_pieces_from_the_real_kind_of_server(as_admin: Client, entries: list[AuditEntry]) -> None:
    over_asgi = AsyncClient()
    over_asgi.cookies = as_admin.cookies

    async def taken() -> bytes:
        answer: Any = await over_asgi.get(f"{LIST}export/", {"q": "alice"})
        return b"".join([piece async for piece in answer])

    lines = [json.loads(line) for line in async_to_sync(taken)().splitlines()]

    assert [line["actor_name"] for line in lines] == ["alice"]


def test_a_moderator_does_not_see_it(entries: list[AuditEntry]) -> None:
    as_moderator = verified_client(make_user("mo", role=Role.MODERATOR))

    assert as_moderator.get(LIST).status_code == 403
    assert as_moderator.get(f"{LIST}export/").status_code == 403
    assert as_moderator.get(API).status_code == 403


def test_the_api_filters(as_admin: Client, alice: User, entries: list[AuditEntry]) -> None:
    found = as_admin.get(API, {"actor": str(alice.pk), "action": "key_made", "since": "2021-01-01T00:00:00Z"}).json()

    assert [entry["object_id"] for entry in found["results"]] == [str(alice.pk)]
    assert as_admin.get(API, {"action": "key_made", "until": "2021-01-01T00:00:00Z"}).json()["results"] == []
    assert as_admin.get(API, {"actor": "nobody"}).status_code == 400


def test_the_api_goes_through_all_entries_once(as_admin: Client, alice: User) -> None:
    made = [record(Action.KEY_MADE, actor=alice).pk for _number in range(5)]

    address, seen = f"{API}?page_size=2&action=key_made", []
    while address:
        page = as_admin.get(address).json()
        seen += [entry["id"] for entry in page["results"]]
        record(Action.KEY_MADE, actor=alice)  # others go on meanwhile
        address = page["next"]

    assert seen == made[::-1]


@pytest.mark.parametrize("name", ["as_alice", "client"])
def test_nobody_else_reads_it(request: pytest.FixtureRequest, db: None, name: str) -> None:
    somebody: Client = request.getfixturevalue(name)

    assert somebody.get(API).status_code in (401, 403)
    assert somebody.get(LIST).status_code in (302, 403)
