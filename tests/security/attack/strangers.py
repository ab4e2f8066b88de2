"""Reaching for what belongs to somebody else: paths, other people's ids, forms sent from other sites."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from tests.factories import PASSWORD
from tests.security.attack.attack import Attack, Scale, Tried
from tests.security.attack.ground import Answer, Ground, stranger
from tests.uploading.site import CSRF

STEPS = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "....//", "..%c0%af", "..%252f", "%00../")
PLACES = ("/static/{}", "/files/{}", "/api/dubs/{dub}/files/{}", "/dubs/{dub}/files/{}/", "/api/imports?path={}", "/{}")
SIGNS = (b"root:x:0", b"SECRET_KEY", b"SQLite format 3", b"[project]")
AIMS = (
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "///evil.example",
    "javascript:alert(1)",
    "https:evil.example",
    "/%09/evil.example",
    "\t//evil.example",
    "http:///evil.example",
    "//evil.example\\@x",
)
SIGN_INS = 3
UNSAFE = ("post", "put", "patch", "delete")


def _traverse(ground: Ground, _scale: Scale) -> Tried:
    tried = Tried()
    for place in PLACES:
        for step in STEPS:
            for target in ("etc/passwd", "database.sqlite3"):
                path = place.replace("{dub}", ground.told.ids["dub_id"]).format(step * 8 + target)
                answer = ground.ask("GET", path, ground.session("alice"))
                tried.expect(path, answer, 301, 302, 400, 403, 404, 405, 410, 412)
                tried.check(not any(sign in answer.body for sign in SIGNS), f"{path} was read")
    return tried


def _operations(ground: Ground) -> Iterator[tuple[str, str]]:
    schema = ground.ask("GET", "/api/schema/?format=json", ground.session("alice"))
    for path, methods in json.loads(schema.body)["paths"].items():
        for method in methods:
            if method in ("get", *UNSAFE):
                yield method.upper(), path


def _filled(path: str, ids: dict[str, str]) -> str:
    return path.format(**{"kind": "mp4"} | ids)


def _foreign_ids(ground: Ground, _scale: Scale) -> Tried:
    """As bob, with his session and with his key; creating needs a body, so every body names alice's things."""
    tried, ids = Tried(), ground.told.ids
    body = {"upload": ids["upload_id"], "target_language": "es", "name": "x", "settings": {}}
    for method, path in _operations(ground):
        if "{" not in path:
            continue
        for who, headers in (("session", ground.session("bob")), ("key", ground.key("bob"))):
            if "/keys/" in path and who == "key":
                continue  # no key reaches keys at all: 403
            answer = ground.ask(method, _filled(path, ids), headers, None if method == "GET" else body)
            tried.expect(f"{who} {method} {path}", answer, 404)
    for path, fields in _bodies(ids):
        answer = ground.ask("POST", path, ground.key("bob"), fields)
        tried.expect(f"POST {path} {sorted(fields)}", answer, 400, 404, 422)
    for page in ("jobs/{job_id}/", "dubs/{dub_id}/", "dubs/{dub_id}/files/mp4/", "projects/{project_id}/"):
        tried.expect(page, ground.ask("GET", f"/{page.format(**ids)}", ground.session("bob")), 404)
    return tried


def _bodies(ids: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "/api/jobs", {"upload": ids["upload_id"], "target_language": "es"}
    yield "/api/jobs", {"upload": ids["upload_id"], "target_language": "es", "preset": ids["preset_id"]}
    yield "/api/jobs/batch", {"uploads": [ids["upload_id"]], "target_languages": ["es"]}
    yield "/api/projects", {"name": "mine", "preset": ids["preset_id"]}


def _forged(ground: Ground, _scale: Scale) -> Tried:
    """What another site's page can have a signed-in browser send: its cookie, a form, no token."""
    tried = Tried()
    cookie = {"Cookie": ground.session("alice")["Cookie"]}
    evil = cookie | {"Origin": "https://evil.example", "Referer": "https://evil.example/", "X-CSRFToken": CSRF}
    for method, path in _operations(ground):
        if method == "GET":
            continue
        for headers in (cookie, evil):
            answer = ground.ask(method, _filled(path, ground.told.ids), headers, {})
            tried.expect(f"{method} {path}", answer, 403, 415)  # 415: of a kind that is not read for a token
    pages = ("/accounts/login/", "/accounts/logout/", "/account/keys/", "/account/pair/confirm/", "/new/", "/files/")
    for page in pages:
        tried.expect(page, ground.form(page, {}, cookie), 403)
    who = ground.ask("GET", "/api/keys", ground.session("alice"))
    tried.check(who.status == 200, "alice was signed out, or her session broken")
    return tried


def _hosts(ground: Ground, _scale: Scale) -> Tried:
    tried = Tried()
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1:80@evil.example", "evil.example:443", ""):
        answer = ground.ask("GET", "/accounts/login/", {"Host": host})
        tried.expect(f"Host: {host}", answer, 400)
    for name in ("X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL"):
        about = stranger("10.7.0.1") | {name: "host=evil.example" if name == "Forwarded" else "evil.example"}
        answer = ground.form("/accounts/password/reset/", {"email": "bob@example.org"}, about)
        tried.expect(name, answer, 302, 200, 429)
        tried.check("evil.example" not in answer.text + answer.header("Location"), f"{name} is believed")
    return tried


def _redirects(ground: Ground, _scale: Scale) -> Tried:
    tried = Tried()
    for number, aim in enumerate(AIMS):
        answers = [ground.ask("GET", f"/accounts/login/?{urlencode({'next': aim})}", ground.session("bob"))]
        if number < SIGN_INS:  # which cost the hash of a password each
            values = {"login": "bob", "password": PASSWORD, "next": aim}
            answers.append(ground.form("/accounts/login/", values, stranger(f"10.8.0.{number + 1}")))
        for answer in answers:
            tried.expect(aim, answer, 302)
            tried.check(_is_ours(answer), f"{aim!r} led to {answer.header('Location')!r}")
    return tried


def _is_ours(answer: Answer) -> bool:
    where = answer.header("Location")
    return where.startswith("/") and not where.startswith(("//", "/\\"))


ATTACKS = (
    Attack("Path traversal", "no file but those that a route is for", _traverse),
    Attack("Another user's ids (IDOR)", "404 for every id on every route and in every body", _foreign_ids),
    Attack("Forged requests (CSRF)", "403 for every change without this site's token", _forged),
    Attack("Host header", "400, and no link to it in any answer", _hosts),
    Attack("Open redirect", "after signing in, only to this site", _redirects),
)
