"""The first administrator from the settings, for servers that start without anybody at a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from accounts.models import User
from accounts.scopes import Role
from tests.factories import PASSWORD, make_user


@pytest.fixture(autouse=True)
def named(settings: LazySettings) -> None:
    settings.ADMIN_USERNAME = "boss"
    settings.ADMIN_EMAIL = "boss@example.org"
    settings.ADMIN_PASSWORD = PASSWORD


def test_it_is_made_once_and_can_sign_in(client: Client, db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("first_admin")
    call_command("first_admin")

    boss = User.objects.get()
    assert (boss.role, boss.is_superuser, boss.email) == (Role.ADMIN, True, "boss@example.org")
    assert client.post("/accounts/login/", {"login": "boss", "password": PASSWORD}).status_code == 302
    printed = capsys.readouterr()
    assert PASSWORD not in printed.out + printed.err


def test_a_file_may_hold_the_password(client: Client, db: None, settings: LazySettings, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
    settings.ADMIN_PASSWORD, settings.ADMIN_PASSWORD_FILE = "", str(secret)

    call_command("first_admin")

    assert client.post("/accounts/login/", {"login": "boss", "password": PASSWORD}).status_code == 302


def test_nothing_happens_when_there_is_an_administrator(db: None) -> None:
    make_user("admin", role=Role.ADMIN)

    call_command("first_admin")

    assert not User.objects.filter(username="boss").exists()


@pytest.mark.parametrize(("password", "file"), [("", ""), ("12345678", ""), ("", "/nonexistent/password")])
def test_a_password_that_cannot_be_used_is_told(db: None, settings: LazySettings, password: str, file: str) -> None:
    settings.ADMIN_PASSWORD, settings.ADMIN_PASSWORD_FILE = password, file

    with pytest.raises(CommandError) as told:
        call_command("first_admin")

    assert "12345678" not in str(told.value)
    assert not User.objects.exists()
