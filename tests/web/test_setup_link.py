"""The first administrator comes in through a link that works once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import SetupLink, User
from accounts.scopes import Role
from accounts.selectors import is_setup_link_usable
from accounts.services import SetupLinkInvalid, claim_setup_link, create_setup_link
from tests.factories import PASSWORD, make_user


def claim(token: str, username: str = "carol") -> User:
    return claim_setup_link(token, username=username, email=f"{username}@example.org", password=PASSWORD)


@pytest.mark.django_db
def test_the_link_makes_an_administrator_who_can_sign_in() -> None:
    user = claim(create_setup_link())

    assert user.is_superuser
    assert user.is_staff
    assert user.check_password(PASSWORD)


@pytest.mark.django_db
def test_a_used_link_is_refused() -> None:
    token = create_setup_link()
    claim(token)
    User.objects.all().delete()

    assert not is_setup_link_usable(token)
    with pytest.raises(SetupLinkInvalid):
        claim(token, "mallory")


@pytest.mark.django_db
def test_an_old_link_is_refused() -> None:
    token = create_setup_link()
    SetupLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert not is_setup_link_usable(token)
    with pytest.raises(SetupLinkInvalid):
        claim(token)


@pytest.mark.django_db
def test_a_new_link_replaces_the_one_before() -> None:
    first = create_setup_link()
    second = create_setup_link()

    assert not is_setup_link_usable(first)
    assert is_setup_link_usable(second)


@pytest.mark.django_db
def test_there_is_no_link_once_an_administrator_exists() -> None:
    token = create_setup_link()
    make_user("root", role=Role.ADMIN)

    assert not is_setup_link_usable(token)
    with pytest.raises(SetupLinkInvalid):
        claim(token)
    with pytest.raises(SetupLinkInvalid):
        create_setup_link()


@pytest.mark.django_db
def test_the_token_itself_is_not_kept() -> None:
    token = create_setup_link()

    assert token not in str(SetupLink.objects.values_list())


@pytest.mark.django_db
def test_a_refused_password_leaves_the_link_usable() -> None:
    token = create_setup_link()

    with pytest.raises(ValidationError):
        claim_setup_link(token, username="carol", email="", password="12345")

    assert is_setup_link_usable(token)
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_people_with_the_link_one_becomes_administrator() -> None:
    token = create_setup_link()
    together = threading.Barrier(2)
    refused: list[str] = []

    def race(name: str) -> None:
        together.wait()
        try:
            claim(token, name)
        except SetupLinkInvalid:
            refused.append(name)
        connection.close()

    people = [threading.Thread(target=race, args=(name,)) for name in ("carol", "dave")]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert User.objects.filter(is_superuser=True).count() == 1
    assert len(refused) == 1


@pytest.mark.django_db
def test_the_command_prints_a_link_only_while_one_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("setup_link")
    assert "http://127.0.0.1:8000/setup/" in capsys.readouterr().out

    make_user("root", role=Role.ADMIN)
    call_command("setup_link")
    assert capsys.readouterr().out == ""
