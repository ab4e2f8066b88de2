"""Every security event leaves an entry that nobody can change."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.audit import guard, trail
from accounts.audit.recording import DETAILS_MAX_BYTES, Action, Outcome, record
from accounts.models import AuditEntry, User
from accounts.services import claim_setup_link, create_setup_link
from tests.factories import PASSWORD
from tests.servers import PostgresServer
from tests.web.conftest import child_environment
from tests.web.mails import sent_mails

SIGN_IN = "/accounts/login/"
CHANGES = (
    "UPDATE accounts_auditentry SET actor_name = 'nobody'",
    "DELETE FROM accounts_auditentry",
)
REPLACE = "INSERT OR REPLACE INTO accounts_auditentry SELECT * FROM accounts_auditentry"
TRUNCATE = "TRUNCATE accounts_auditentry"


@pytest.fixture
def guarded(db: None) -> Iterator[None]:
    """The refusal as migrations put it up; the suite lifts it to empty the table between tests."""
    guard.put_up(connection)
    yield
    guard.lift(connection)


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except IntegrityError as error:
        return guard.REFUSAL in str(error)
    return False


@pytest.mark.usefixtures("guarded")
def test_the_database_refuses_to_change_or_remove_entries(alice: User) -> None:
    record(Action.SIGNED_OUT, actor=alice)
    more = TRUNCATE if connection.vendor == "postgresql" else REPLACE

    assert all(refused(statement) for statement in (*CHANGES, more))

    assert AuditEntry.objects.get().actor_name == "alice"


def migrate(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "django", "migrate", "--skip-checks", "--verbosity", "0"]
    subprocess.run(command, env=environment, check=True, timeout=300)


@pytest.mark.slow
@pytest.mark.django_db
def test_migrations_put_the_refusal_up_on_sqlite(data_dir: Path) -> None:
    file = data_dir / "new.sqlite3"
    migrate(child_environment(data_dir) | {"DATABASE_URL": f"sqlite:///{file}"})

    with sqlite3.connect(file) as database:
        names = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}

    assert names >= guard.SQLITE.keys()


@pytest.mark.slow
@pytest.mark.django_db
def test_migrations_put_the_refusal_up_on_postgresql(data_dir: Path, postgres_server: PostgresServer) -> None:
    url = postgres_server.database("audited")
    migrate(child_environment(data_dir) | {"DATABASE_URL": url})

    with psycopg.connect(url, autocommit=True) as database:
        database.execute(
            "INSERT INTO accounts_auditentry (at, action, outcome, actor_name, key_id, object_type, object_id,"
            " address, user_agent, request_id, details) VALUES (now(), 'x', 'ok', '', '', '', '', '', '', '', '{}')"
        )
        for statement in (*CHANGES, TRUNCATE):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match=guard.REFUSAL):
                database.execute(statement)


def test_signing_in_and_out_is_recorded_with_where_from(client: Client, alice: User) -> None:
    client.post(SIGN_IN, {"login": "alice", "password": PASSWORD}, REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT="Firefox")
    client.post("/accounts/logout/")

    out, came_in = AuditEntry.objects.all()
    assert (came_in.action, came_in.actor_id, came_in.actor_name) == (Action.SIGNED_IN, alice.pk, "alice")
    assert (came_in.address, came_in.user_agent, came_in.outcome) == ("203.0.113.7", "Firefox", Outcome.OK)
    assert len(came_in.request_id) == 36
    assert out.action == Action.SIGNED_OUT


@pytest.mark.parametrize("typed", ["alice", "ALICE@example.org"])
def test_a_wrong_password_is_recorded_for_the_account_it_was_tried_on(client: Client, alice: User, typed: str) -> None:
    client.post(SIGN_IN, {"login": typed, "password": "wrong"})

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.outcome) == (Action.SIGN_IN_FAILED, Outcome.REFUSED)
    assert (entry.actor_id, entry.object_id) == (None, str(alice.pk))


def test_a_name_that_nobody_has_is_not_kept(client: Client, alice: User) -> None:
    client.post(SIGN_IN, {"login": "my secret password", "password": "wrong"})

    entry = AuditEntry.objects.get()
    assert entry.action == Action.SIGN_IN_FAILED
    assert "my secret password" not in str(entry.__dict__)


def test_the_first_administrator_is_recorded(db: None) -> None:
    user = claim_setup_link(create_setup_link(), username="root", email="", password=PASSWORD)

    assert AuditEntry.objects.get().action == Action.SETUP_LINK_USED
    assert AuditEntry.objects.get().object_id == str(user.pk)


def test_a_new_password_is_recorded(as_alice: Client) -> None:
    fields = {"oldpassword": PASSWORD, "password1": "a better one, 17", "password2": "a better one, 17"}

    as_alice.post("/accounts/password/change/", fields)

    assert AuditEntry.objects.filter(action=Action.PASSWORD_CHANGED, actor_name="alice").exists()
    assert "better" not in str(list(AuditEntry.objects.values()))


def test_asking_for_a_new_password_is_recorded_whoevers_it_is(client: Client, alice: User) -> None:
    for address in ("alice@example.org", "mallory@example.org"):
        client.post("/accounts/password/reset/", {"email": address})

    assert len(sent_mails()) == 1
    asked = AuditEntry.objects.filter(action=Action.PASSWORD_RESET_ASKED).order_by("id")
    assert [entry.object_id for entry in asked] == [str(alice.pk), ""]


def test_showing_a_password_again_is_recorded_right_or_wrong(as_alice: Client, alice: User) -> None:
    as_alice.post("/accounts/reauthenticate/", {"password": "wrong"})
    as_alice.post("/accounts/reauthenticate/", {"password": PASSWORD})
    as_alice.post("/accounts/password/change/", {"oldpassword": "wrong", "password1": "a", "password2": "a"})

    trail = AuditEntry.objects.filter(object_id=str(alice.pk)).order_by("id").values_list("action", "details")
    assert list(trail)[-3:] == [
        (Action.SIGN_IN_FAILED, {}),
        (Action.REAUTHENTICATED, {"method": "password"}),
        (Action.SIGN_IN_FAILED, {"to": "change password"}),
    ]


def test_what_is_undone_leaves_no_entry(alice: User) -> None:
    with transaction.atomic():
        record(Action.KEY_MADE, actor=alice)
        transaction.set_rollback(True)

    assert not AuditEntry.objects.exists()


def test_a_service_that_sees_no_request_still_tells_where_from(as_alice: Client) -> None:
    as_alice.patch("/api/me/settings", {"is_private": True}, content_type="application/json", REMOTE_ADDR="203.0.113.9")

    entry = AuditEntry.objects.get(action=Action.PRIVACY_CHANGED)
    assert (entry.address, len(entry.request_id)) == ("203.0.113.9", 36)


def test_an_earlier_requests_address_is_not_taken_for_ones_own(as_alice: Client, alice: User) -> None:
    as_alice.get("/api/me/settings", REMOTE_ADDR="203.0.113.9")

    assert record(Action.SIGNED_OUT, actor=alice).address == ""


def test_the_key_that_was_used_is_told(alice: User) -> None:
    with structlog.contextvars.bound_contextvars(key_id="4711"):
        assert record(Action.KEY_REVOKED, actor=alice).key_id == "4711"


def test_secrets_and_long_texts_do_not_get_in(alice: User) -> None:
    entry = record(Action.KEY_MADE, actor=alice, new_password="hunter2", note="x" * 1000)
    many: dict[str, Any] = {f"field{number}": "y" * 400 for number in range(100)}
    endless = record(Action.KEY_MADE, actor=alice, **many)

    assert entry.details == {"new_password": "…", "note": f"{'x' * 500}…"}
    assert len(json.dumps(endless.details)) <= DETAILS_MAX_BYTES
    assert "field0" in endless.details["too_long"]


def test_the_trail_of_a_user_outlives_them(alice: User) -> None:
    record(Action.SIGNED_IN, actor=alice)

    alice.delete()

    assert AuditEntry.objects.get().actor_name == "alice"


@pytest.mark.usefixtures("guarded")
def test_old_entries_leave_by_one_command_that_is_recorded(alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    AuditEntry.objects.create(at=timezone.now().replace(year=2020), action=Action.SIGNED_IN, outcome=Outcome.OK)
    record(Action.SIGNED_OUT, actor=alice)

    call_command("audit_prune", "--before", "2021-01-01")

    assert "1 entries removed" in capsys.readouterr().out
    assert list(AuditEntry.objects.values_list("action", flat=True)) == [Action.AUDIT_PRUNED, Action.SIGNED_OUT]
    assert refused(CHANGES[1])


def test_the_trail_is_written_as_json_lines(alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    for _number in range(trail.BATCH + 3):
        record(Action.SIGNED_IN, actor=alice)

    call_command("audit_export", "--since", "2021-01-01")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == trail.BATCH + 4
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)
    assert lines[-1]["action"] == Action.AUDIT_EXPORTED
