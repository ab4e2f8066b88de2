"""Settings: each documented, each checked, and a bad one stops the start with one line."""

from __future__ import annotations

import dataclasses
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from dubbing_site import data_dir
from dubbing_site.environment import Environment, read_environment

ROOT = Path(__file__).resolve().parents[2]
NAMES = [field.name.upper() for field in dataclasses.fields(Environment)]
EVERY_NETWORK = "0.0.0.0"  # noqa: S104 - nothing listens on it
NO_FILE = Path("/nonexistent/.env")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("field", dataclasses.fields(Environment), ids=lambda field: field.name)
def test_every_setting_is_documented_with_its_default(field: dataclasses.Field[object]) -> None:
    name, default = field.name.upper(), field.metadata["default"]
    settings_page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()

    [row] = [line for line in settings_page.splitlines() if line.startswith(f"| `{name}` |")]
    assert f"| `{default}` |" in row if default else "| empty |" in row
    assert field.metadata["meaning"] in row
    assert f"#{name}={default}" in example


def test_nothing_else_is_documented() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()

    assert [
        line[1:].partition("=")[0] for line in example if line.startswith("#") and line[1:2].isupper() and "=" in line
    ] == NAMES


def test_the_example_file_gives_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plain = read_environment(NO_FILE)
    copied = tmp_path / ".env"
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    copied.write_text("\n".join(line[1:] for line in lines if line[1:2].isupper() and "=" in line))
    monkeypatch.setattr(os, "environ", os.environ.copy())

    assert read_environment(copied) == plain


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("PORT", "eighty", "whole number"),
        ("PORT", "70000", "65535"),
        ("DEBUG", "maybe", "1 or 0"),
        ("WORKERS", "0", "the least is 1"),
        ("LOG_FORMAT", "xml", "console, json"),
        ("PUBLIC_BASE_URL", "dub.example.org", "https://"),
        ("CSRF_TRUSTED_ORIGINS", "https://a.example, b.example", "'b.example'"),
        ("HEARTBEAT_SECONDS", "29", "LEASE_SECONDS"),
        ("TIME_ZONE", "Berlin", "Europe/Berlin"),
        ("DATABASE_URL", "mongo://secret@host/db", "postgres"),
        ("REDIS_URL", "http://:secret@host/0", "rediss"),
        ("QUEUE_MODE", "redis", "set REDIS_URL too"),
        ("IMPORT_FOLDERS", "films", "whole path"),
        ("IMPORT_FOLDERS", "/", "whole path"),
        ("IMPORT_FOLDERS", "/srv/films, /srv/../mnt/films", "another of these folders"),
        ("IMPORT_FOLDERS", str(ROOT), "everybody's uploads"),
        ("IMPORT_FOLDERS", str(ROOT / "var" / "media"), "everybody's uploads"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, hint: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ImproperlyConfigured) as refusal:
        read_environment(NO_FILE)

    assert str(refusal.value).startswith(f"{name}=")
    assert hint in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_values_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DEBUG": "yes",
        "UPLOAD_MAX_BYTES": "1_000",
        "ALLOWED_HOSTS": "a.example, b.example,",
        "SECRET_KEY": "$not-a-variable",
        "DATA_DIR": "~/dubs",
        "PUBLIC_BASE_URL": "https://dub.example.org/",
    }.items():
        monkeypatch.setenv(name, value)

    environment = read_environment(NO_FILE)

    assert environment.debug is True
    assert environment.upload_max_bytes == 1000
    assert environment.allowed_hosts == ["a.example", "b.example"]
    assert environment.secret_key == "$not-a-variable"
    assert environment.data_dir == Path.home() / "dubs"
    assert (environment.base_url, environment.is_https) == ("https://dub.example.org", True)


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:8000"), (EVERY_NETWORK, "http://127.0.0.1:8000"), ("::", "http://[::1]:8000")],
)
def test_the_address_shown_can_be_opened(monkeypatch: pytest.MonkeyPatch, host: str, url: str) -> None:
    monkeypatch.setenv("HOST", host)

    assert read_environment(NO_FILE).base_url == url


@pytest.mark.parametrize("command", [["manage.py", "check"], ["-m", "dubbing_site.launcher"]])
def test_commands_stop_with_one_line(command: list[str], tmp_path: Path) -> None:
    environment = os.environ | {"PORT": "eighty", "DATA_DIR": str(tmp_path), "ENV_FILE": ""}
    environment["DJANGO_SETTINGS_MODULE"] = "dubbing_site.settings"

    done = subprocess.run([sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, text=True)

    assert done.returncode != 0
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "PORT='eighty' cannot be used" in done.stderr


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    together, keys = threading.Barrier(8), []

    def ask() -> None:
        together.wait()
        keys.append(data_dir.secret_key(tmp_path))

    processes = [threading.Thread(target=ask) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert len(set(keys)) == 1
    assert len(keys[0]) >= 50
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["secret_key"]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ImproperlyConfigured, match="DATA_DIR"):
        data_dir.prepare(tmp_path / "file")
