"""The administration's door: a second factor, enrolled where everybody enrols."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.contrib import admin
from django.test import Client

from accounts.models import User
from accounts.scopes import Role
from tests.factories import enrol_totp, make_user, verified_client


@pytest.fixture
def boss(db: None) -> User:
    return make_user("boss", role=Role.ADMIN)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_who_has_shown_a_second_factor_gets_in(boss: User) -> None:
    assert verified_client(boss).get("/admin/").status_code == 200


def test_who_has_none_is_led_to_enrol_one(boss: User) -> None:
    answer = signed_in(boss).get("/admin/jobs/job/", follow=True)

    assert answer.redirect_chain[-1][0] == "/accounts/2fa/"


def test_who_has_not_shown_it_in_this_session_is_asked_and_led_back(boss: User) -> None:
    enrol_totp(boss)

    answer = signed_in(boss).get("/admin/jobs/job/", follow=True)

    assert answer.redirect_chain[-1][0] == "/accounts/2fa/reauthenticate/?next=/admin/jobs/job/"


def test_strangers_are_led_to_the_sign_in_of_the_site(db: None) -> None:
    answer = Client().get("/admin/jobs/job/", follow=True)

    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=/admin/jobs/job/"


def test_people_without_a_role_for_it_are_refused(alice: User) -> None:
    answer = verified_client(alice).get("/admin/", follow=True)

    assert answer.status_code == 403


def test_a_removed_authenticator_no_longer_opens_it(boss: User) -> None:
    client = verified_client(boss)

    Authenticator.objects.filter(user=boss).delete()

    assert client.get("/admin/").status_code == 302


def test_the_factor_of_somebody_else_does_not_count(boss: User, alice: User) -> None:
    theirs = enrol_totp(alice)
    client = verified_client(boss)
    Authenticator.objects.filter(user=boss).delete()
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": 0, "id": theirs.pk, "type": "totp"}]
    session.save()

    assert client.get("/admin/").status_code == 302


def test_an_operator_can_do_without(boss: User, settings: LazySettings) -> None:
    settings.REQUIRE_ADMIN_MFA = False

    assert signed_in(boss).get("/admin/").status_code == 200


def test_the_administration_does_not_lead_elsewhere(boss: User) -> None:
    answer = verified_client(boss).get("/admin/login/?next=https://evil.example/")

    assert answer["Location"] == "/admin/"


def test_it_shows_nothing_that_libraries_bring_along(db: None) -> None:
    modules = {type(shown).__module__.partition(".")[0] for shown in admin.site._registry.values()}

    assert modules <= {"accounts", "dubbing_site", "jobs", "library", "uploads"}


def test_administrators_help_who_cannot_get_in(boss: User, alice: User, as_alice: Client) -> None:
    client = verified_client(boss)
    enrol_totp(alice)

    def choose(action: str) -> str:
        fields = {"action": action, "_selected_action": [str(alice.id)]}
        return client.post("/admin/accounts/user/", fields, follow=True).content.decode()

    assert "/accounts/password/reset/key/" in choose("make_reset_link")
    assert "Done for 1 user." in choose("remove_second_factor")
    assert not Authenticator.objects.filter(user=alice).exists()
    assert as_alice.get("/api/jobs").status_code == 401
    assert "Done for 1 user." in choose("sign_out_everywhere")


def test_there_is_one_page_to_change_a_password(boss: User) -> None:
    answer = verified_client(boss).get("/admin/password_change/")

    assert answer["Location"] == "/accounts/password/change/"
