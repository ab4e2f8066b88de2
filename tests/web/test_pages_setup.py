"""The page behind the one-time setup link."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services import create_setup_link

ANSWERS = {
    "username": "alice",
    "email": "",
    "password1": "correct horse battery",
    "password2": "correct horse battery",
}


@pytest.fixture
def address(db: None) -> str:
    return reverse("accounts:setup", args=[create_setup_link()])


def test_the_first_visitor_becomes_the_administrator_and_is_signed_in(client: Client, address: str) -> None:
    response = client.post(address, ANSWERS, follow=True)

    user = User.objects.get()
    assert user.is_superuser
    assert response.redirect_chain[-1][0] == reverse("jobs:home")
    assert response.context["user"] == user


def test_the_link_works_once(client: Client, address: str) -> None:
    client.post(address, ANSWERS)

    response = Client().get(address)

    assert response.status_code == 410
    assert "no longer works" in response.content.decode()


def test_a_made_up_link_does_nothing(client: Client, db: None) -> None:
    response = client.post(reverse("accounts:setup", args=["guess"]), ANSWERS)

    assert response.status_code == 410
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"password2": "something else"}, "The two passwords are not the same."),
        ({"password1": "1234", "password2": "1234"}, "too short"),
        ({"username": "two words"}, "Enter a valid username."),
        ({"email": "nowhere"}, "Enter a valid email address."),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field(
    client: Client, address: str, change: dict[str, str], text: str
) -> None:
    response = client.post(address, ANSWERS | change)

    assert response.status_code == 422
    assert text in response.content.decode()
    assert not User.objects.exists()
