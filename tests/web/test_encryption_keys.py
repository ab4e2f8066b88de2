"""The operator's keys: what cannot be used stops the start with one line that tells no key, and so does a lost one."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from dubbing_site.encryption import key_ring
from dubbing_site.environment import Environment, read_environment
from tests.vault.rings import written

SHORT = base64.b64encode(b"too short").decode()


def environment(monkeypatch: pytest.MonkeyPatch, folder: Path, **given: str) -> Environment:
    for name in ("ENCRYPTION_KEYS", "ENCRYPTION_KEYS_FILE"):
        monkeypatch.setenv(name, given.get(name, ""))
    monkeypatch.setenv("DATA_DIR", str(folder))
    return read_environment(Path("/nonexistent/.env"))


def test_without_keys_there_is_no_ring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert key_ring(environment(monkeypatch, tmp_path)) is None


def test_the_first_key_is_the_current_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ring = key_ring(environment(monkeypatch, tmp_path, ENCRYPTION_KEYS=written("new", "old")))

    assert ring is not None
    assert (ring.current.id, [key.id for key in ring.keys]) == ("new", ["new", "old"])
    assert written("new").partition(":")[2] not in repr(ring) + repr(ring.current)


def test_a_file_may_hold_keys_and_notes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("# made in November\n" + written("a") + "\n" + written("b") + "\n")

    ring = key_ring(environment(monkeypatch, tmp_path, ENCRYPTION_KEYS_FILE=str(keys)))

    assert ring is not None
    assert [key.id for key in ring.keys] == ["a", "b"]


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"ENCRYPTION_KEYS": "secretsecret"}, "name:base64"),
        ({"ENCRYPTION_KEYS": f"a:{SHORT}"}, "32 bytes"),
        ({"ENCRYPTION_KEYS": "a:%%%secret"}, "no base64"),
        ({"ENCRYPTION_KEYS": written("a") + "," + written("a")}, "same name"),
        ({"ENCRYPTION_KEYS_FILE": "/nonexistent/keys"}, "No such file"),
        ({"ENCRYPTION_KEYS": written("a"), "ENCRYPTION_KEYS_FILE": "/nonexistent/keys"}, "leave one out"),
    ],
)
def test_keys_that_cannot_be_used_are_said_without_telling_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], hint: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=hint) as refused:
        key_ring(environment(monkeypatch, tmp_path, **given))

    assert "secret" not in str(refused.value)
    assert SHORT not in str(refused.value)
    assert str(refused.value).startswith("ENCRYPTION_KEYS")


@pytest.mark.parametrize("later", ["", written("b")])
def test_a_start_without_a_key_that_files_may_need_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, later: str
) -> None:
    key_ring(environment(monkeypatch, tmp_path, ENCRYPTION_KEYS=written("a")))

    with pytest.raises(ImproperlyConfigured, match="'a'"):
        key_ring(environment(monkeypatch, tmp_path, ENCRYPTION_KEYS=later))


def test_another_key_of_the_same_name_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key_ring(environment(monkeypatch, tmp_path, ENCRYPTION_KEYS=written("a")))
    other = "a:" + written("b").partition(":")[2]

    with pytest.raises(ImproperlyConfigured, match="another one"):
        key_ring(environment(monkeypatch, tmp_path, ENCRYPTION_KEYS=other))
