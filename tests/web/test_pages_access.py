"""Who may open which page: the owner, nobody else, and nobody unknown."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests import factories


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("jobs:home", []),
        ("jobs:new", []),
        ("jobs:detail", [uuid.UUID(int=1)]),
        ("library:dub", [uuid.UUID(int=1)]),
        ("library:file", [uuid.UUID(int=1), "mp4"]),
    ],
)
def test_a_stranger_is_led_to_the_sign_in_and_back(
    client: Client, db: None, name: str, arguments: list[object]
) -> None:
    address = reverse(name, args=arguments)

    response = client.get(address)

    assert response.status_code == 302
    assert response.headers["Location"] == f"{reverse('account_login')}?next={address}"


def test_bob_does_not_find_a_job_of_alice(as_alice: Client, as_bob: Client, alice: User) -> None:
    address = reverse("jobs:detail", args=[factories.make_job(alice).id])

    assert as_alice.get(address).status_code == 200
    assert as_bob.get(address).status_code == 404


def test_bob_cannot_cancel_a_job_of_alice(as_bob: Client, alice: User) -> None:
    job = factories.make_job(alice)

    response = as_bob.post(reverse("jobs:cancel", args=[job.id]))

    job.refresh_from_db()
    assert response.status_code == 404
    assert job.state == "queued"


def test_bob_finds_neither_a_dub_of_alice_nor_its_files(
    as_alice: Client, as_bob: Client, alice: User, tmp_path: Path
) -> None:
    dub = factories.make_dub(alice, tmp_path)

    for address in (reverse("library:dub", args=[dub.id]), reverse("library:file", args=[dub.id, "mp4"])):
        assert as_alice.get(address).status_code == 200
        assert as_bob.get(address).status_code == 404


def test_bob_sees_nothing_of_alice_on_his_home_page(as_bob: Client, alice: User, tmp_path: Path) -> None:
    factories.make_dub(alice, tmp_path, title="secret.mp4")

    page = as_bob.get(reverse("jobs:home")).content.decode()

    assert "secret" not in page
    assert "Nothing dubbed yet" in page


def test_a_file_that_a_dub_does_not_have_is_not_found(as_alice: Client, alice: User, tmp_path: Path) -> None:
    dub = factories.make_dub(alice, tmp_path)

    assert as_alice.get(reverse("library:file", args=[dub.id, "mkv"])).status_code == 404


def test_a_wrong_address_gets_the_house_page(as_alice: Client) -> None:
    response = as_alice.get("/no/such/page/")

    assert response.status_code == 404
    assert "This page is not here" in response.content.decode()


def test_nobody_signs_up_by_themselves(client: Client, db: None) -> None:
    page = client.get(reverse("account_signup")).content.decode()

    assert "Accounts are by invitation" in page
