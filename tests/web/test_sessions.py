"""Where somebody is signed in: kept so that a copy opens nothing, shown, ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Session, User
from accounts.sessions.store import is_alive, key_hash
from tests.factories import PASSWORD

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
PAGE = "/account/sessions/"


def signed_in(user: User, agent: str = FIREFOX) -> Client:
    client = Client(HTTP_USER_AGENT=agent)
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/api/jobs").status_code == 200


def key_of(client: Client) -> str:
    return client.cookies["sessionid"].value


def row_of(client: Client) -> Session:
    return Session.objects.get(session_key=key_hash(key_of(client)))


def test_the_database_holds_neither_the_cookie_nor_readable_data(alice: User) -> None:
    client = signed_in(alice)

    stored = str(Session.objects.filter(user=alice).values())

    assert key_of(client) not in stored
    assert "_auth_user_id" not in stored
    assert "PasswordBackend" not in stored
    client.cookies["sessionid"] = row_of(client).session_key
    assert not is_signed_in(client)


def test_a_row_of_one_session_does_not_open_another(alice: User, bob: User) -> None:
    as_alice, as_bob = signed_in(alice), signed_in(bob)
    Session.objects.filter(user=bob).update(session_data=row_of(as_alice).session_data[:-4] + "AAAA")

    assert not is_signed_in(as_bob)


def test_people_see_their_devices_and_nobody_elses(alice: User, bob: User) -> None:
    computer = signed_in(alice)
    signed_in(alice, PHONE)
    signed_in(bob, "curl/8")

    page = computer.get(PAGE).content.decode()

    assert "Firefox on Windows" in page
    assert "Safari on iPhone" in page
    assert "127.0.0.1" in page
    assert "curl" not in page


def test_ending_a_session_signs_that_device_out(alice: User) -> None:
    computer, phone = signed_in(alice), signed_in(alice, PHONE)

    computer.post(f"{PAGE}{row_of(phone).public_id}/end/")

    assert not is_signed_in(phone)
    assert is_signed_in(computer)
    assert AuditEntry.objects.filter(action="session_ended", actor_id=alice.id).exists()


def test_nobody_ends_somebody_elses_session(alice: User, bob: User) -> None:
    as_alice, as_bob = signed_in(alice), signed_in(bob)

    assert as_bob.post(f"{PAGE}{row_of(as_alice).public_id}/end/").status_code == 404
    assert is_signed_in(as_alice)


def test_signing_out_everywhere_leaves_no_session(alice: User, bob: User) -> None:
    computer, phone, as_bob = signed_in(alice), signed_in(alice, PHONE), signed_in(bob)

    computer.post(f"{PAGE}end-all/")

    assert not is_signed_in(computer)
    assert not is_signed_in(phone)
    assert is_signed_in(as_bob)


def test_a_new_password_ends_the_other_sessions(alice: User) -> None:
    computer, phone = signed_in(alice), signed_in(alice, PHONE)
    form = {"oldpassword": PASSWORD, "password1": "quite another phrase", "password2": "quite another phrase"}

    assert computer.post("/accounts/password/change/", form).status_code == 302

    assert is_signed_in(computer)
    assert not is_signed_in(phone)
    assert Session.objects.filter(user=alice).count() == 1


def test_a_session_that_was_ended_is_not_saved_back(alice: User) -> None:
    client = signed_in(alice)
    store = client.session
    store["note"] = "still writing"
    Session.objects.filter(user=alice).delete()

    with pytest.raises(UpdateError):
        store.save()

    assert not Session.objects.filter(user=alice).exists()


def test_use_is_written_at_most_once_a_minute(alice: User) -> None:
    client = signed_in(alice)
    before = row_of(client).last_seen_at

    is_signed_in(client)
    assert row_of(client).last_seen_at == before

    Session.objects.filter(user=alice).update(last_seen_at=before - timedelta(minutes=2))
    client.get("/api/jobs", HTTP_USER_AGENT=PHONE)
    assert row_of(client).last_seen_at >= before
    assert row_of(client).device == "Safari on iPhone"


@pytest.mark.parametrize(
    "past", [{"last_seen_at": timedelta(days=8)}, {"created_at": timedelta(days=31)}, {"expire_date": timedelta(0)}]
)
def test_sessions_end_by_themselves(alice: User, past: dict[str, timedelta]) -> None:
    client = signed_in(alice)
    key = key_of(client)
    assert is_alive(key, alice)

    Session.objects.filter(user=alice).update(**{field: timezone.now() - ago for field, ago in past.items()})

    assert not is_alive(key, alice)
    assert not is_signed_in(client)
    call_command("clearsessions")
    assert not Session.objects.filter(user=alice).exists()


def test_clearing_keeps_sessions_in_use(alice: User) -> None:
    client = signed_in(alice)

    call_command("clearsessions")

    assert is_signed_in(client)
