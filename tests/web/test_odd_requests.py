"""Requests that no honest client sends are refused by name, not met by a fault of the server."""

from __future__ import annotations

import base64
import io
import json
import time

import pytest
from django.test import Client

from accounts.models import User
from dubbing_site.api.parsers import JSONParser
from tests.factories import verified_client

JSON = "application/json"
BODIES = [
    ("patch", "/api/me/settings", '{"theme": "%s"}'),
    ("patch", "/api/me/settings", '{"language": "%s"}'),
    ("post", "/api/keys", '{"name": "phone", "scopes": ["%s"]}'),
    ("post", "/api/presets", '{"name": "%s", "settings": {}}'),
    ("post", "/api/jobs", '{"upload": "x", "target_language": "es", "voices": {"%s": "a"}}'),
]
LISTS = ["/api/jobs", "/api/dubs", "/api/uploads"]


@pytest.mark.parametrize(("method", "path", "body"), BODIES)
@pytest.mark.parametrize("character", ["\\ud800", "\\u0000"])
def test_a_text_that_is_none_is_refused(as_alice: Client, method: str, path: str, body: str, character: str) -> None:
    answer = getattr(as_alice, method)(path, body.replace("%s", f"dark{character}"), content_type=JSON)

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_a_whole_character_beyond_the_first_plane_is_fine(as_alice: Client) -> None:
    answer = as_alice.post("/api/keys", '{"name": "\\ud83d\\ude00", "scopes": ["jobs:read"]}', content_type=JSON)

    assert (answer.status_code, answer.json()["name"]) == (201, "\U0001f600")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/api/keys", {"name": "phone", "scopes": [0] * 100_000}),
        ("patch", "/api/me/settings", {"voices": {f"x{number}": 0 for number in range(50_000)}}),
        ("post", "/api/jobs/batch", {"uploads": ["x"] * 100_000, "target_languages": ["es"]}),
    ],
)
def test_too_many_entries_are_counted_and_not_looked_at(
    as_alice: Client, method: str, path: str, body: dict[str, object]
) -> None:
    answer = getattr(as_alice, method)(path, body, content_type=JSON)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert len(answer.content) < 1000


def test_a_deep_body_with_many_texts_is_read_as_fast_as_a_flat_one() -> None:
    texts = [""] * 50_000

    def spent_s(depth: int) -> float:
        body = "[" * depth + json.dumps(texts) + "]" * depth
        began_s = time.thread_time()
        JSONParser().parse(io.BytesIO(body.encode()))
        return time.thread_time() - began_s

    assert spent_s(700) < 20 * spent_s(1) + 0.1


def test_a_form_of_too_many_fields_is_a_problem_with_a_code(as_alice: Client) -> None:
    answer = as_alice.post("/api/presets", {f"field{number}": "x" for number in range(1001)})

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("position", ["p=x", "p=0001-01-01T00:00:00%2B23:59", "o=" + "9" * 5000, "p=" + "9" * 5000])
def test_a_page_that_nobody_was_told_of_is_not_found(as_alice: Client, path: str, position: str) -> None:
    answer = as_alice.get(path, {"cursor": base64.b64encode(position.encode()).decode()})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "query", [{"cursor": base64.b64encode(b"p=x").decode()}, {"since": "0001-01-01T00:00:00+23:59"}, {"until": "9999"}]
)
def test_the_audit_trail_refuses_what_is_no_place_in_it(admin_user: User, query: dict[str, str]) -> None:
    answer = verified_client(admin_user).get("/api/audit", query)

    assert answer.status_code in (400, 404)


def test_the_audit_trail_takes_a_time_of_any_zone(admin_user: User) -> None:
    answer = verified_client(admin_user).get("/api/audit", {"since": "2026-01-01T00:00:00+23:59"})

    assert answer.status_code == 200
