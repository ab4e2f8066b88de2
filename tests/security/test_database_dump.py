"""Whoever gets a copy of the database gets nobody's secret with it, and cannot sign in with what it holds."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import PASSWORD
from tests.security import dump
from tests.security.attack.ground import Ground, stranger
from tests.security.people import Told
from tests.servers import PostgresServer
from tests.uploading.site import CSRF, DATABASE, ENVIRONMENT

OF_ACCESS = ("accounts_session", "accounts_apikey", "accounts_invite", "accounts_pairing", "accounts_setuplink")


@pytest.fixture(scope="module")
def tables(ground: Ground) -> dict[str, list[str]]:
    return dump.of_sqlite(ground.proxied.data_dir / DATABASE)


def found_in(told: Told, tables: dict[str, list[str]]) -> dict[str, list[str]]:
    secrets = told.secrets | {"password": PASSWORD}
    places = {name: dump.places_of(secret, tables) for name, secret in secrets.items()}
    return {name: where for name, where in places.items() if where}


@pytest.mark.parametrize("text", ["abcdefghijklmnopq", "12345678"])
def test_what_is_looked_for_would_be_found(text: str) -> None:
    held = ["x", text, base64.b64encode(f"ab{text}cd".encode()).decode()]

    for value in held[1:] if len(text) > dump.SHORT else held[1:2]:
        assert dump.places_of(text, {"table": ["1", value]}) == ["table"]


@pytest.mark.slow
def test_a_copy_of_sqlite_holds_no_secret(ground: Ground, tables: dict[str, list[str]]) -> None:
    assert {name for name in OF_ACCESS if not tables.get(name)} <= {"accounts_setuplink"}  # there is something to find
    assert len(ground.told.secrets) > 30

    assert found_in(ground.told, tables) == {}


@pytest.mark.slow
def test_a_copy_of_postgresql_holds_no_secret(postgres_server: PostgresServer, tmp_path: Path) -> None:
    url = postgres_server.database("copied")
    own = {"DATA_DIR": str(tmp_path / "var"), "DATABASE_URL": url}
    command = [sys.executable, "-m", "tests.security.people"]
    done = subprocess.run(command, env=os.environ | ENVIRONMENT | own, stdout=subprocess.PIPE, text=True, check=True)
    told = Told(**json.loads(done.stdout.splitlines()[-1]))

    assert found_in(told, dump.of_postgresql(url)) == {}


@pytest.mark.slow
def test_nothing_in_a_copy_signs_anybody_in(ground: Ground, tables: dict[str, list[str]]) -> None:
    """Every value that could pass for a session, a key, an invite or a code is tried as each of them."""
    values = {value for name in OF_ACCESS for value in tables.get(name, ()) if re.fullmatch(r"[\w-]{20,200}", value)}
    key_id = ground.told.keys["alice"].split("_")[1]

    for number, value in enumerate(sorted(values)):
        address = {"X-Forwarded-For": f"10.30.{number // 200}.{number % 200 + 1}"}
        cookie = address | {"Cookie": f"sessionid={value}; csrftoken={CSRF}", "X-CSRFToken": CSRF}
        as_session = ground.ask("GET", "/api/jobs", cookie)
        as_key = ground.ask("GET", "/api/jobs", address | {"Authorization": f"Bearer dub_{key_id}_{value}"})
        as_invite = ground.ask("GET", f"/invite/{value}/", address)
        as_code = ground.ask("POST", "/pair/claim/", stranger() | address, {"token": value})

        answers = (as_session.status, as_key.status, as_invite.status, as_code.status)
        assert answers == (401, 401, 410, 410), value

    assert len(values) > 5
