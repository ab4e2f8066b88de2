"""`remote check` and `config` tell an operator how the site is set up, and no secrets."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from dubbing_site import launcher
from dubbing_site.environment import Environment, read_environment
from dubbing_site.environment.shown import shown
from dubbing_site.remote import report

NO_FILE = Path("/nonexistent/.env")
EVERY_NETWORK = "0.0.0.0"  # noqa: S104 - nothing listens on it


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in dataclasses.fields(Environment):
        monkeypatch.delenv(field.name.upper(), raising=False)


def setup(settings: LazySettings, monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    """The settings of a site with these in its environment."""
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    environment = read_environment(NO_FILE)
    settings.ENVIRONMENT = environment
    for name in ("remote_access_mode", "remote_allowed_networks", "trusted_proxies"):
        setattr(settings, name.upper(), getattr(environment, name))


def told(*arguments: str) -> str:
    output = io.StringIO()
    call_command("remote", "check", *arguments, stdout=output)
    return output.getvalue()


def test_remote_check_shows_where_phones_find_the_site(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    setup(settings, monkeypatch, HOST=EVERY_NETWORK, REMOTE_ACCESS_MODE="tailscale", TRUSTED_PROXIES="127.0.0.1")
    monkeypatch.setattr(
        report, "own_addresses", lambda: ["192.168.1.5", "100.64.0.9", "fd7a:115c:a1e0::9", "172.17.0.1"]
    )
    settings.ALLOWED_HOSTS = ["100.64.0.9"]

    text = told()

    assert "tailscale" in text
    assert f"{EVERY_NETWORK} port 8000" in text
    assert "http://100.64.0.9:8000" in text
    assert "http://[fd7a:115c:a1e0::9]:8000" in text
    assert "192.168.1.5" not in text
    assert "127.0.0.1/32" in text
    assert "█" in text
    assert "add them to ALLOWED_HOSTS: fd7a:115c:a1e0::9" in text


def test_remote_check_shows_the_public_name(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    setup(settings, monkeypatch, PUBLIC_BASE_URL="https://dub.example.org/")
    settings.ALLOWED_HOSTS = ["dub.example.org"]

    text = told("--no-qr")

    assert "https://dub.example.org\n" in text
    assert "set TRUSTED_PROXIES" in text
    assert "█" not in text


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["--address", "203.0.113.9"], "address_not_allowed"),
        (["--address", "203.0.113.9", "--through", "127.0.0.1"], "address_not_allowed"),
        (["--address", "127.0.0.1", "--header", "X-Forwarded-For: unknown"], "forwarded_unreadable"),
    ],
)
def test_remote_check_says_why_somebody_would_be_refused(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, arguments: list[str], rule: str
) -> None:
    setup(settings, monkeypatch, TRUSTED_PROXIES="127.0.0.1")

    with pytest.raises(CommandError, match=rule):
        told(*arguments)


def test_remote_check_says_that_somebody_is_let_in(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    setup(settings, monkeypatch)

    assert "Let in           192.168.1.20" in told("--address", "192.168.1.20")


@pytest.mark.parametrize("arguments", [["--address", "nonsense"], ["--address", "10.0.0.1", "--header", "nonsense"]])
def test_remote_check_refuses_what_it_cannot_read(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    setup(settings, monkeypatch)

    with pytest.raises(CommandError, match="nonsense"):
        told(*arguments)


def test_config_shows_every_setting_and_no_secret(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {
        "DATABASE_URL": "postgres://dub:hush@db/dub",
        "REDIS_URL": "redis://:hu@hush/sh@cache:6379/0",
        "EMAIL_URL": "smtp+tls://dub@mail.example:hush@mail:587",
    }
    secrets = {name: "hush" for name in ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "ADMIN_PASSWORD", "ENCRYPTION_KEYS")}
    setup(settings, monkeypatch, PORT="9000", **addresses, **secrets)
    output = io.StringIO()

    call_command("config", stdout=output)

    lines = output.getvalue().splitlines()
    assert len(lines) == len(dataclasses.fields(Environment))
    assert "hush" not in output.getvalue()
    assert {"PORT=9000", "SECRET_KEY=…", "DATABASE_URL=postgres://dub:…@db/dub"} <= set(lines)
    assert "REDIS_URL=redis://:…@cache:6379/0" in lines


def test_config_hides_a_password_wherever_an_address_holds_it(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = {
        "DATABASE_URL": "postgres://domain/dub:hush@db/dub?connect_timeout=5&PassWord=hush",
        "REDIS_URL": "redis://cache:6379/0?password=hu@hush",
    }
    setup(settings, monkeypatch, **addresses)
    output = io.StringIO()

    call_command("config", stdout=output)

    lines = output.getvalue().splitlines()
    assert "hush" not in output.getvalue()
    assert "DATABASE_URL=postgres://domain/dub:…@db/dub?connect_timeout=5&PassWord=…" in lines
    assert "REDIS_URL=redis://cache:6379/0?password=…" in lines


def test_config_shows_what_differs_from_the_defaults(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    setup(settings, monkeypatch, PORT="9000", DEBUG="0", WORKERS="1")
    output = io.StringIO()

    call_command("config", "--changed", stdout=output)

    assert "PORT=9000" in output.getvalue().splitlines()
    assert "WORKERS=1" not in output.getvalue().splitlines()
    assert "DEBUG=0" not in output.getvalue().splitlines()


def test_a_setting_named_like_a_secret_is_one() -> None:
    """What is shown of a fresh setting must not depend on somebody remembering this."""
    named = [name for name, _value, _is_set in shown(read_environment(NO_FILE))]
    suspicious = {name for name in named if name.endswith(("_KEY", "_KEYS", "_PASSWORD", "_SECRET", "_TOKEN"))}
    hidden = {field.name.upper() for field in dataclasses.fields(Environment) if "is_secret" in field.metadata}

    assert suspicious <= hidden


def test_the_launcher_answers_questions_and_refuses_anything_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launcher.answer(["sing"]) == 2
    assert "sing means nothing here" in capsys.readouterr().err
