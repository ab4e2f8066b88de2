"""Signing in a phone by a scanned code: the way in, and the ways of others that stay shut."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Pairing, Session, User
from tests.factories import verified_client

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
DESK_PAGE = "/account/pair/"


@dataclass
class Phone:
    client: Client

    def claim(self, token: str) -> Any:
        return self.client.post("/pair/claim/", json.dumps({"token": token}), content_type="application/json")

    def accept(self) -> Any:
        return self.client.post("/pair/accept/", "{}", content_type="application/json")

    def state(self) -> str:
        return str(self.client.get("/pair/state/").json()["state"])

    def finish(self) -> Any:
        return self.client.post("/pair/finish/")

    @property
    def is_signed_in(self) -> bool:
        return self.client.get("/api/jobs").status_code == 200


@pytest.fixture
def phone(db: None) -> Phone:
    return Phone(Client(HTTP_USER_AGENT=PHONE))


def show(desk: Client) -> str:
    """The token of a new code."""
    desk.post(DESK_PAGE)
    return str(desk.session["pairing_token"])


def asked(desk: Client) -> tuple[str, str]:
    """What the computer's page says: the state and the device."""
    answer = desk.get(f"{DESK_PAGE}state/").json()
    return answer["state"], answer["device"]


def pass_time(by: timedelta) -> None:
    for pairing in Pairing.objects.all():
        Pairing.objects.filter(pk=pairing.pk).update(expires_at=pairing.expires_at - by)


def test_a_phone_is_signed_in_after_both_sides_said_yes(as_alice: Client, alice: User, phone: Phone) -> None:
    token = show(as_alice)
    assert asked(as_alice) == ("waiting", "")

    claimed = phone.claim(token).json()
    assert (claimed["username"], claimed["server"]) == ("alice", "testserver")
    phone.accept()
    assert asked(as_alice) == ("scanned", "Safari on iPhone")
    shown = as_alice.get(f"{DESK_PAGE}state/").json()["number"]
    assert shown.isdigit()
    assert phone.client.get("/pair/state/").json()["number"] == shown
    assert not phone.is_signed_in
    as_alice.post(f"{DESK_PAGE}confirm/")
    assert phone.state() == "confirmed"
    answer = phone.finish()

    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert phone.is_signed_in
    assert Session.objects.filter(user=alice, device="Safari on iPhone").count() == 1
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions[-3:] == ["qr_shown", "qr_confirmed", "signed_in"]


def test_the_phone_gets_a_session_of_its_own(as_alice: Client, phone: Phone) -> None:
    phone.claim(show(as_alice))
    phone.accept()
    before = phone.client.cookies["sessionid"].value
    as_alice.post(f"{DESK_PAGE}confirm/")

    phone.finish()

    assert phone.client.cookies["sessionid"].value not in (before, as_alice.cookies["sessionid"].value)
    as_alice.post("/accounts/logout/")
    assert phone.is_signed_in


def test_the_second_factor_counts_as_the_computers(alice: User, phone: Phone) -> None:
    alice.role = "admin"
    alice.save()
    desk = verified_client(alice)
    phone.claim(show(desk))
    phone.accept()
    desk.post(f"{DESK_PAGE}confirm/")

    phone.finish()

    assert phone.client.get("/admin/").status_code == 200
    assert "reauthenticate" in phone.client.get("/accounts/2fa/totp/deactivate/")["Location"]


def test_the_first_who_scans_is_shown_and_can_be_refused(as_alice: Client, phone: Phone) -> None:
    thief, token = Phone(Client(HTTP_USER_AGENT="Mozilla/5.0 (Linux; Android 15) Chrome/140.0")), show(as_alice)
    thief.claim(token)
    thief.accept()

    assert phone.claim(token).status_code == 410
    assert asked(as_alice) == ("scanned", "Chrome on Android")
    as_alice.post(f"{DESK_PAGE}refuse/")

    assert thief.state() == "refused"
    assert thief.finish().status_code == 410
    assert not thief.is_signed_in
    assert AuditEntry.objects.filter(action="qr_refused", outcome="refused").count() == 3


def test_a_code_signs_in_once(as_alice: Client, phone: Phone) -> None:
    token = show(as_alice)
    phone.claim(token)
    phone.accept()
    as_alice.post(f"{DESK_PAGE}confirm/")
    cookie = phone.client.cookies["sessionid"].value
    phone.finish()
    replay = Phone(Client())
    replay.client.cookies["sessionid"] = cookie

    assert replay.finish().status_code == 404
    assert replay.claim(token).status_code == 410
    assert phone.finish().status_code == 404
    assert not replay.is_signed_in


@pytest.mark.parametrize("step", ["claim", "accept", "confirm", "finish"])
def test_every_step_ends_after_two_minutes(as_alice: Client, phone: Phone, step: str) -> None:
    token = show(as_alice)
    steps = {
        "claim": lambda: phone.claim(token),
        "accept": phone.accept,
        "confirm": lambda: as_alice.post(f"{DESK_PAGE}confirm/"),
        "finish": phone.finish,
    }
    for name, act in steps.items():
        if name == step:
            pass_time(timedelta(minutes=2))
        act()

    assert not phone.is_signed_in


def test_nothing_is_signed_in_before_the_computer_confirms(as_alice: Client, phone: Phone) -> None:
    phone.claim(show(as_alice))
    phone.accept()

    assert phone.finish().status_code == 410
    assert not phone.is_signed_in


def test_the_computer_cannot_confirm_what_no_phone_asked_for(as_alice: Client, phone: Phone) -> None:
    phone.claim(show(as_alice))

    as_alice.post(f"{DESK_PAGE}confirm/")

    assert asked(as_alice)[0] == "waiting"
    assert phone.finish().status_code == 410


def test_another_session_of_the_same_person_cannot_confirm(as_alice: Client, alice: User, phone: Phone) -> None:
    other = Client()
    other.force_login(alice)
    phone.claim(show(as_alice))
    phone.accept()

    assert other.post(f"{DESK_PAGE}confirm/").status_code == 404
    assert phone.finish().status_code == 410


def test_another_person_cannot_confirm(as_alice: Client, as_bob: Client, phone: Phone) -> None:
    phone.claim(show(as_alice))
    phone.accept()

    assert as_bob.post(f"{DESK_PAGE}confirm/").status_code == 404
    assert as_bob.post(f"{DESK_PAGE}refuse/").status_code == 404
    assert asked(as_alice)[0] == "scanned"


def test_a_code_dies_with_the_session_that_showed_it(as_alice: Client, phone: Phone) -> None:
    phone.claim(show(as_alice))
    phone.accept()
    as_alice.post(f"{DESK_PAGE}confirm/")

    as_alice.post("/accounts/logout/")

    assert phone.finish().status_code == 410
    assert not phone.is_signed_in


def test_a_new_code_ends_the_old_one(as_alice: Client, phone: Phone) -> None:
    old = show(as_alice)
    new = show(as_alice)

    assert phone.claim(old).status_code == 410
    assert phone.claim(new).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "../..", "0" * 5000])
def test_a_made_up_code_is_refused(as_alice: Client, phone: Phone, token: str) -> None:
    show(as_alice)

    answer = phone.claim(token)

    assert answer.status_code == 410
    assert answer.json()["code"] == "accounts.pairing"


@pytest.mark.parametrize("body", ["", "[]", '{"token": 7}', "nonsense", '{"token": "\\ud800"}', "[" * 100_000])
def test_a_claim_that_is_no_claim_is_refused(phone: Phone, body: str) -> None:
    assert phone.client.post("/pair/claim/", body, content_type="application/json").status_code == 410


def test_guessing_codes_is_slowed_down(phone: Phone) -> None:
    answers = [phone.claim(f"guess {number}").status_code for number in range(31)]

    assert answers == [410] * 30 + [429]


def test_other_sites_cannot_take_part(alice: User) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(alice)

    assert careful.post(DESK_PAGE).status_code == 403
    assert careful.post(f"{DESK_PAGE}confirm/").status_code == 403
    for step in ("claim", "accept", "finish"):
        assert careful.post(f"/pair/{step}/").status_code == 403


def test_the_code_is_in_no_address_that_anybody_is_sent(as_alice: Client, settings: LazySettings) -> None:
    settings.BASE_URL = "https://dub.example.org"
    token = show(as_alice)

    page = as_alice.get(DESK_PAGE, HTTP_HOST="localhost")

    assert token not in page.content.decode()
    assert "<svg" in page.content.decode()
    drawn = re.findall(r"<svg.*?</svg>", page.content.decode(), re.S)
    assert not [svg for svg in drawn if "style=" in svg]
    assert token not in str(Pairing.objects.values())
    assert not Pairing.objects.filter(expires_at__gt=timezone.now() + timedelta(minutes=2)).exists()


def test_the_page_shows_a_code_at_once_and_keeps_it_when_reloaded(as_alice: Client) -> None:
    first = as_alice.get(DESK_PAGE).context["qr_svg"]

    assert first
    assert as_alice.get(DESK_PAGE).context["qr_svg"] == first
    pass_time(timedelta(minutes=2))
    assert as_alice.get(DESK_PAGE).context["qr_svg"] not in ("", first)
