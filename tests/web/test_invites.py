"""Invites: one-time links to an account, made by administrators."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Invite, User
from accounts.scopes import Role
from tests.factories import PASSWORD, make_user, verified_client

PAGE = "/account/invites/"
ACCOUNT = {"username": "carol", "email": "carol@example.org", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def as_admin(db: None) -> Client:
    return verified_client(make_user("admin", role=Role.ADMIN))


def invite(as_admin: Client, **fields: str) -> str:
    """The link's path."""
    form = {"role": "editor", "email": "", "note": "for Carol", "valid_days": "7"} | fields
    answer = as_admin.post(PAGE, form)
    found = re.search(r"http://testserver(/invite/[^/<\"]+/)", answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def test_whoever_has_the_link_makes_an_account_once(as_admin: Client, client: Client) -> None:
    link = invite(as_admin, role="viewer")

    assert client.post(link, ACCOUNT).status_code == 302

    carol = User.objects.get(username="carol")
    assert (carol.role, carol.is_staff) == ("viewer", False)
    assert client.get("/api/jobs").status_code == 200
    assert Client().post(link, ACCOUNT | {"username": "dave"}).status_code == 410
    assert Invite.objects.get().used_by == carol


def test_only_the_hash_of_a_link_is_kept(as_admin: Client) -> None:
    token = invite(as_admin).split("/")[2]

    assert token not in str(Invite.objects.values())
    assert token not in str(AuditEntry.objects.values())
    assert token not in as_admin.get(PAGE).content.decode()


def test_looking_at_a_link_does_not_use_it_up(as_admin: Client, client: Client) -> None:
    link = invite(as_admin)

    for _ in range(3):
        assert client.get(link).status_code == 200

    assert client.post(link, ACCOUNT).status_code == 302


def test_a_refused_form_does_not_use_it_up(as_admin: Client, client: Client) -> None:
    link = invite(as_admin)

    assert client.post(link, ACCOUNT | {"password1": "12345678", "password2": "12345678"}).status_code == 422
    assert client.post(link, ACCOUNT | {"username": "admin"}).status_code == 422

    assert client.post(link, ACCOUNT).status_code == 302


def test_the_address_that_was_invited_stays(as_admin: Client, client: Client) -> None:
    link = invite(as_admin, email="carol@work.example")

    client.post(link, ACCOUNT | {"email": "other@example.org"})

    assert User.objects.get(username="carol").email == "carol@work.example"


def test_an_old_link_no_longer_works(as_admin: Client, client: Client) -> None:
    link = invite(as_admin)
    Invite.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert client.get(link).status_code == 410
    assert client.post(link, ACCOUNT).status_code == 410


def test_a_withdrawn_link_no_longer_works(as_admin: Client, client: Client) -> None:
    link = invite(as_admin)

    as_admin.post(f"{PAGE}{Invite.objects.get().id}/revoke/")

    assert client.post(link, ACCOUNT).status_code == 410
    trail = list(AuditEntry.objects.filter(action__startswith="invite").order_by("id").values_list("action", flat=True))
    assert trail == ["invite_made", "invite_revoked"]


@pytest.mark.parametrize("change", [{"role": Role.EDITOR}, {"is_active": False}, None])
def test_who_is_no_administrator_any_more_leaves_no_way_in(
    as_admin: Client, client: Client, change: dict[str, Any] | None
) -> None:
    link = invite(as_admin, role="admin")
    admin = User.objects.get(username="admin")
    if change is None:
        admin.delete()
    else:
        for field, value in change.items():
            setattr(admin, field, value)
        admin.save()

    assert client.post(link, ACCOUNT).status_code == 410


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.MODERATOR])
def test_only_administrators_invite(db: None, role: Role) -> None:
    client = Client()
    client.force_login(make_user("somebody", role=role))

    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"role": "admin", "valid_days": "7"}).status_code == 403
    assert not Invite.objects.exists()


def test_guessing_links_is_slowed_down(client: Client, db: None) -> None:
    answers = [client.get(f"/invite/guess{number}/").status_code for number in range(21)]

    assert answers == [410] * 20 + [429]


def test_an_administrator_without_a_second_factor_is_led_to_it(db: None) -> None:
    client = Client()
    client.force_login(make_user("admin", role=Role.ADMIN))

    answer = client.post(PAGE, {"role": "admin", "valid_days": "7"})

    assert answer["Location"] == "/accounts/2fa/"
    assert not Invite.objects.exists()


def test_a_name_that_differs_in_capitals_only_is_taken(as_admin: Client, client: Client) -> None:
    answer = client.post(invite(as_admin), ACCOUNT | {"username": "ADMIN"})

    assert answer.status_code == 422
    assert "already uses this name" in answer.content.decode()
