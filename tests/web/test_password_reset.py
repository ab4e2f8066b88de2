"""New passwords by a link: from a mail, or from an administrator where no mail is sent."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from accounts.models import AuditEntry, User
from tests.factories import PASSWORD, enrol_totp

NEW = "quite another phrase"
FORM = {"password1": NEW, "password2": NEW}


def set_password(client: Client, link: str) -> int:
    """The status of the page behind the link; it is then sent off."""
    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], FORM)
    return page.status_code


def sign_in(password: str) -> bool:
    client = Client()
    client.post("/accounts/login/", {"login": "alice", "password": password})
    return client.get("/api/jobs").status_code == 200


def printed_link(capsys: pytest.CaptureFixture[str]) -> str:
    call_command("reset_link", "alice")
    found = re.search(r"http://[^/]+(/\S+)", capsys.readouterr().out)
    assert found
    return found[1]


def test_a_mailed_link_sets_a_new_password(client: Client, alice: User) -> None:
    client.post("/accounts/password/reset/", {"email": "alice@example.org"})
    found = re.search(r"http://testserver(/\S+)", str(mail.outbox[0].body))
    assert found

    set_password(client, found[1])

    assert sign_in(NEW)
    assert not sign_in(PASSWORD)


def test_strangers_are_told_the_same_and_nobody_is_written_to(client: Client, alice: User) -> None:
    known = client.post("/accounts/password/reset/", {"email": "alice@example.org"}, follow=True)
    unknown = client.post("/accounts/password/reset/", {"email": "mallory@example.org"}, follow=True)

    assert known.redirect_chain == unknown.redirect_chain
    assert [to for sent in mail.outbox for to in sent.to] == ["alice@example.org"]


def test_a_mailbox_is_not_flooded(client: Client, alice: User) -> None:
    answers = [client.post("/accounts/password/reset/", {"email": "alice@example.org"}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert len(mail.outbox) == 3


def test_a_printed_link_works_once(client: Client, alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    link = printed_link(capsys)

    set_password(client, link)
    assert sign_in(NEW)

    set_password(Client(), link)
    assert AuditEntry.objects.filter(action="reset_link_made").count() == 1
    assert AuditEntry.objects.filter(action="password_reset").count() == 1


def test_a_new_password_leaves_the_second_factor(
    client: Client, alice: User, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol_totp(alice)

    set_password(client, printed_link(capsys))

    assert not sign_in(NEW)


def test_a_reset_ends_every_session(as_alice: Client, alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    set_password(Client(), printed_link(capsys))

    assert as_alice.get("/api/jobs").status_code == 401


def test_there_is_no_link_for_nobody(db: None) -> None:
    with pytest.raises(CommandError, match="mallory"):
        call_command("reset_link", "mallory")


def test_an_address_that_was_not_confirmed_gets_no_link(client: Client, alice: User) -> None:
    EmailAddress.objects.create(user=alice, email="evil@example.org", verified=False, primary=False)

    client.post("/accounts/password/reset/", {"email": "evil@example.org"})

    assert not mail.outbox


def test_a_session_alone_does_not_change_the_address(as_alice: Client) -> None:
    answer = as_alice.post("/accounts/email/", {"action_add": "1", "email": "evil@example.org"})

    assert "reauthenticate" in answer["Location"]
    assert not EmailAddress.objects.filter(email="evil@example.org").exists()
