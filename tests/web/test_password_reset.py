"""New passwords by a link: from a mail, or from an administrator where no mail is sent."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from smtplib import SMTPServerDisconnected
from typing import ClassVar

import pytest
from allauth.account.models import EmailAddress
from django.conf import LazySettings
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from accounts.models import AuditEntry, User
from tests.factories import PASSWORD, enrol_totp
from tests.web.mails import sent_mails

NEW = "quite another phrase"
FORM = {"password1": NEW, "password2": NEW}


class HeldBackend(BaseEmailBackend):
    """A mail server that answers when it is told to, badly if that is asked for."""

    let_go = threading.Event()
    fault: ClassVar[Exception | None] = None

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        assert self.let_go.wait(60)
        if self.fault is not None:
            raise self.fault
        mail.outbox += messages
        return len(messages)


@pytest.fixture
def mail_server(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[HeldBackend]]:
    settings.EMAIL_BACKEND = f"{__name__}.HeldBackend"
    monkeypatch.setattr(HeldBackend, "let_go", threading.Event())
    yield HeldBackend
    HeldBackend.let_go.set()
    sent_mails()


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
    found = re.search(r"http://testserver(/\S+)", str(sent_mails()[0].body))
    assert found

    set_password(client, found[1])

    assert sign_in(NEW)
    assert not sign_in(PASSWORD)


def test_a_mail_leads_where_the_operator_says_whatever_the_request_says(
    client: Client, alice: User, settings: LazySettings
) -> None:
    settings.PUBLIC_BASE_URL = "https://dub.example.org"

    client.post("/accounts/password/reset/", {"email": "alice@example.org"}, HTTP_HOST="localhost:4443")

    body = str(sent_mails()[0].body)
    assert "https://dub.example.org/accounts/password/reset/key/" in body
    assert ":4443/" not in body


def test_a_server_that_sends_no_mail_prints_no_link_and_says_so(
    client: Client, alice: User, settings: LazySettings
) -> None:
    settings.MAIL_IS_SENT = False

    page = client.get("/accounts/password/reset/").content.decode()
    client.post("/accounts/password/reset/", {"email": "alice@example.org"})

    assert "This server sends no mail" in page
    assert not sent_mails()


def test_strangers_are_told_the_same_and_nobody_is_written_to(client: Client, alice: User) -> None:
    known = client.post("/accounts/password/reset/", {"email": "alice@example.org"}, follow=True)
    unknown = client.post("/accounts/password/reset/", {"email": "mallory@example.org"}, follow=True)

    assert known.redirect_chain == unknown.redirect_chain
    assert [to for sent in sent_mails() for to in sent.to] == ["alice@example.org"]


def test_the_answer_waits_for_no_mail_server(client: Client, alice: User, mail_server: type[HeldBackend]) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "Alice@example.org"})

    assert answer.status_code == 302
    assert not mail.outbox
    mail_server.let_go.set()
    assert [sent.to for sent in sent_mails()] == [["alice@example.org"]]


def test_as_much_is_done_for_an_address_that_nobody_has(client: Client, alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True)
    asked = []
    for address in ("alice@example.org", "mallory@example.org"):
        with CaptureQueriesContext(connection) as queries:
            client.post("/accounts/password/reset/", {"email": address})
        told = [query["sql"] for query in queries if "ratecount" not in query["sql"]]
        asked.append([sql.split()[0] for sql in told if "account_emailaddress" not in sql])

    assert asked[0] == asked[1]
    assert len(sent_mails()) == 1
    assert len(sent_mails()) == 1


def test_a_mail_that_does_not_get_out_is_told_to_the_operator(
    client: Client, alice: User, mail_server: type[HeldBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_server, "fault", SMTPServerDisconnected("the mail server hung up"))

    with capture_logs() as lines:
        answer = client.post("/accounts/password/reset/", {"email": "alice@example.org"})
        mail_server.let_go.set()
        sent_mails()

    assert answer.status_code == 302
    assert {"event": "mail_not_sent", "error": "the mail server hung up", "log_level": "error"} in lines


def test_a_mailbox_is_not_flooded(client: Client, alice: User) -> None:
    answers = [client.post("/accounts/password/reset/", {"email": "alice@example.org"}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert len(sent_mails()) == 3


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

    assert not sent_mails()


def test_a_session_alone_does_not_change_the_address(as_alice: Client) -> None:
    answer = as_alice.post("/accounts/email/", {"action_add": "1", "email": "evil@example.org"})

    assert "reauthenticate" in answer["Location"]
    assert not EmailAddress.objects.filter(email="evil@example.org").exists()
