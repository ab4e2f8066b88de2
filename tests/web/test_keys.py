"""API keys: what programs sign in with, and what they can do with it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import keys
from accounts.audit.recording import Action
from accounts.errors import KeyRefused, ScopeMissing, TooManyKeys
from accounts.models import ApiKey, AuditEntry, User
from accounts.scopes import Role, Scope
from tests.factories import make_dub, make_job, make_user, verified_client
from uploads.models import Upload

JSON = "application/json"
INVALID = 'Bearer realm="api", error="invalid_token"'
MakeKey = Callable[..., keys.NewKey]


@pytest.fixture
def make_key(alice: User) -> MakeKey:
    def make(*scopes: Scope, owner: User | None = None, expires_at: datetime | None = None) -> keys.NewKey:
        return keys.make_key(owner or alice, "script", scopes or list(Scope)[:5], expires_at=expires_at)

    return make


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def refusal(client: Client, text: str) -> tuple[int, str, str]:
    answer = client.get("/api/jobs", headers=bearer(text))
    return answer.status_code, answer.json()["code"], answer.headers["WWW-Authenticate"]


def test_a_key_opens_what_its_scopes_say(client: Client, make_key: MakeKey) -> None:
    key = make_key(Scope.JOBS_READ).text

    assert client.get("/api/jobs", headers=bearer(key)).status_code == 200
    assert client.get("/api/presets", headers=bearer(key)).status_code == 200
    refused = client.get("/api/dubs", headers=bearer(key))

    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert refused.json()["scope"] == "library:read"
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="library:read"'


def test_changes_need_a_scope_of_their_own(client: Client, make_key: MakeKey, alice: User) -> None:
    job = make_job(alice)

    refused = client.post(f"/api/jobs/{job.id}/cancel", headers=bearer(make_key(Scope.JOBS_READ).text))
    done = client.post(f"/api/jobs/{job.id}/cancel", headers=bearer(make_key(Scope.JOBS_WRITE).text))

    assert (refused.status_code, refused.json()["scope"]) == (403, "jobs:write")
    assert (done.status_code, done.json()["state"]) == (200, "canceled")


def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(client: Client, make_key: MakeKey) -> None:
    good, expired = make_key(), make_key(expires_at=timezone.now() - timedelta(seconds=1))
    revoked, disabled = make_key(), make_key(owner=make_user("dave"))
    User.objects.filter(username="dave").update(is_active=False)
    keys.revoke_key(revoked.key, by=revoked.key.owner)
    unknown = f"dub_{uuid.uuid4().hex}_{good.text.rpartition('_')[2]}"
    wrong = f"{good.text[:-1]}{'0' if good.text[-1] != '0' else '1'}"

    bad = [expired.text, revoked.text, disabled.text, unknown, wrong, good.text[:-1], good.text + "0", "", "x", "dub__"]

    assert {refusal(client, text) for text in bad} == {(401, "invalid_key", INVALID)}
    assert client.get("/api/jobs", headers=bearer(good.text)).status_code == 200


def test_an_unknown_id_costs_what_a_wrong_secret_does(
    make_key: MakeKey, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []

    def compare(kept: str, sent: str) -> bool:
        compared.append((kept, sent))
        return constant_time_compare(kept, sent)

    monkeypatch.setattr("accounts.keys.constant_time_compare", compare)
    known = make_key().key.id.hex

    for key_id in (known, uuid.uuid4().hex):
        with django_assert_num_queries(1), pytest.raises(KeyRefused):
            keys.authenticate(f"dub_{key_id}_{'0' * 48}", now=timezone.now())

    assert [[len(text) for text in pair] for pair in compared] == [[64, 64], [64, 64]]


def test_guessing_keys_is_slowed_down_and_keeps_nobody_else_out(client: Client, make_key: MakeKey) -> None:
    good = make_key().text
    statuses = [refusal_status(client) for _ in range(31)]

    assert statuses == [401] * 30 + [429]
    assert client.get("/api/jobs", headers=bearer(good)).status_code == 200


def refusal_status(client: Client) -> int:
    answer = client.get("/api/jobs", headers=bearer(f"dub_{uuid.uuid4().hex}_{'0' * 48}"))
    if answer.status_code == 429:
        assert int(answer.headers["Retry-After"]) > 0
    return answer.status_code


def test_a_key_needs_no_form_token_and_a_session_does(alice: User, make_key: MakeKey) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(alice)
    body = {"name": "talk.mp4", "total_bytes": 10}

    with_key = careful.post("/api/uploads/init", body, content_type=JSON, headers=bearer(make_key().text))
    without = careful.post("/api/uploads/init", body, content_type=JSON)

    assert (with_key.status_code, without.status_code) == (201, 403)


def test_a_bad_key_is_refused_whatever_session_comes_with_it(as_alice: Client) -> None:
    assert refusal(as_alice, "dub_x_y")[0] == 401


def test_other_kinds_of_authorization_are_left_to_whoever_asked_for_them(as_alice: Client) -> None:
    """A proxy with a password of its own makes browsers send it here, too."""
    assert as_alice.get("/api/jobs", headers={"Authorization": "Basic YTpi"}).status_code == 200


def test_a_key_makes_sees_and_revokes_no_keys(client: Client, make_key: MakeKey) -> None:
    made = make_key()
    body = {"name": "more", "scopes": ["jobs:read"]}

    answers = [
        client.post("/api/keys", body, content_type=JSON, headers=bearer(made.text)),
        client.get("/api/keys", headers=bearer(made.text)),
        client.delete(f"/api/keys/{made.key.id}", headers=bearer(made.text)),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "session_required")}
    assert ApiKey.objects.count() == 1


def test_a_key_is_shown_once_and_kept_as_a_hash(as_alice: Client, client: Client) -> None:
    made = as_alice.post("/api/keys", {"name": "nas", "scopes": ["jobs:read"]}, content_type=JSON)
    key, secret = made.json()["key"], made.json()["key"].rpartition("_")[2]
    listed = as_alice.get("/api/keys")

    assert (made.status_code, made.headers["Cache-Control"], len(bytes.fromhex(secret))) == (201, "no-store", 24)
    assert client.get("/api/jobs", headers=bearer(key)).status_code == 200
    assert listed.json()["results"][0].keys() == {"id", "name", "scopes", "created_at", "expires_at", "last_used_at"}
    assert secret not in listed.content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_apikey")
        assert secret not in str(cursor.fetchall())


def test_a_revoked_key_is_refused_at_once(as_alice: Client, client: Client, make_key: MakeKey) -> None:
    made = make_key()
    assert client.get("/api/jobs", headers=bearer(made.text)).status_code == 200

    assert as_alice.delete(f"/api/keys/{made.key.id}").status_code == 204

    assert refusal(client, made.text)[0] == 401


def test_another_users_key_does_not_exist(as_bob: Client, make_key: MakeKey) -> None:
    made = make_key()

    assert as_bob.delete(f"/api/keys/{made.key.id}").status_code == 404
    assert as_bob.post(f"/account/keys/{made.key.id}/revoke/").status_code == 404
    assert ApiKey.objects.count() == 1


def test_a_key_never_does_what_its_owners_role_does_not_allow(client: Client, alice: User, make_key: MakeKey) -> None:
    made = make_key()
    alice.role = Role.VIEWER
    alice.save()

    refused = client.post("/api/presets", {}, content_type=JSON, headers=bearer(made.text))

    assert (refused.status_code, refused.json()["scope"]) == (403, "jobs:write")
    assert client.get("/api/presets", headers=bearer(made.text)).status_code == 200
    with pytest.raises(ScopeMissing):
        make_key(Scope.JOBS_WRITE)


def test_an_administrators_key_without_the_scope_gives_no_privileges(client: Client, make_key: MakeKey) -> None:
    admin = make_user("admin", role=Role.ADMIN)
    job, scopes = make_job(admin), ["jobs:read", "jobs:write", "admin"]
    plain = make_key(Scope.JOBS_READ, Scope.JOBS_WRITE, owner=admin).text
    made = verified_client(admin).post("/api/keys", {"name": "full", "scopes": scopes}, content_type=JSON)
    full = made.json()["key"]
    address, change = f"/api/jobs/{job.id}", {"priority": 5}

    refused = client.patch(address, change, content_type=JSON, headers=bearer(plain))

    assert (refused.status_code, refused.json()["scope"]) == (403, "admin")
    assert client.patch(address, change, content_type=JSON, headers=bearer(full)).status_code == 200
    assert "workers" not in client.get("/api/runtime/queue", headers=bearer(plain)).json()
    assert "workers" in client.get("/api/runtime/queue", headers=bearer(full)).json()


def test_what_only_administrators_may_needs_a_second_factor_in_the_session(client: Client, db: None) -> None:
    admin = make_user("admin", role=Role.ADMIN)
    client.force_login(admin)
    wanted = {"name": "all", "scopes": ["jobs:read", "admin"]}

    refused = [client.get("/api/audit"), client.post("/api/keys", wanted, content_type=JSON)]
    on_the_page = client.post("/account/keys/", wanted | {"lifetime_days": ""})
    led_to = client.get("/account/invites/").headers["Location"]
    allowed = verified_client(admin).get("/api/audit")

    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "second_factor_required")}
    assert (on_the_page.status_code, ApiKey.objects.count()) == (422, 0)
    assert (led_to, allowed.status_code) == ("/accounts/2fa/", 200)


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"name": ""},
        {"expires_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(as_alice: Client, wrong: dict[str, Any]) -> None:
    body = {"name": "nas", "scopes": ["jobs:read"], **wrong}

    answer = as_alice.post("/api/keys", body, content_type=JSON)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, list(wrong))
    assert not ApiKey.objects.exists()


def test_a_user_has_at_most_twenty_keys(make_key: MakeKey, as_alice: Client) -> None:
    for _ in range(keys.AT_MOST):
        make_key()

    with pytest.raises(TooManyKeys, match="revoke one first"):
        make_key()
    answer = as_alice.post("/api/keys", {"name": "one more", "scopes": ["jobs:read"]}, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (409, "accounts.too_many_keys")


def test_when_it_was_last_used_is_written_once_a_minute(
    make_key: MakeKey, rf: RequestFactory, django_assert_num_queries: Any
) -> None:
    made, now = make_key(), timezone.now()
    request = rf.get("/", headers=bearer(made.text))

    def used(after_s: int) -> datetime | None:
        keys.key_of(request, now=now + timedelta(seconds=after_s))
        return ApiKey.objects.get().last_used_at

    assert used(0) == now
    with django_assert_num_queries(1):
        keys.key_of(request, now=now + timedelta(seconds=59))
    assert used(59) == now
    assert used(60) == now + timedelta(seconds=60)


def test_tus_takes_a_key(client: Client, make_key: MakeKey, alice: User) -> None:
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "10"}

    made = client.post("/files/", headers=bearer(make_key(Scope.UPLOADS_WRITE).text) | tus)
    refused = client.post("/files/", headers=bearer(make_key(Scope.JOBS_READ).text) | tus)

    assert (made.status_code, refused.status_code) == (201, 403)
    assert Upload.objects.get().owner == alice


def test_a_download_takes_a_key(client: Client, make_key: MakeKey, alice: User, tmp_path: Path) -> None:
    address = f"/api/dubs/{make_dub(alice, tmp_path).id}/files/mp4"

    part = client.get(address, headers=bearer(make_key(Scope.LIBRARY_READ).text) | {"Range": "bytes=2-5"})
    refused = client.get(address, headers=bearer(make_key(Scope.JOBS_READ).text))

    assert (part.status_code, part.getvalue()) == (206, b"2345")
    assert refused.status_code == 403


def test_pages_take_no_key(client: Client, make_key: MakeKey) -> None:
    assert client.get("/", headers=bearer(make_key().text)).status_code == 302


def test_the_audit_trail_tells_of_keys(as_alice: Client, client: Client, alice: User) -> None:
    made = as_alice.post("/api/keys", {"name": "nas", "scopes": ["jobs:read"]}, content_type=JSON).json()
    client.get("/api/jobs", headers=bearer(made["key"] + "0"))
    as_alice.delete(f"/api/keys/{made['id']}")

    told = AuditEntry.objects.filter(action__in=[Action.KEY_MADE, Action.KEY_REFUSED, Action.KEY_REVOKED]).order_by(
        "id"
    )
    assert [(entry.action, entry.actor_id, entry.object_id) for entry in told] == [
        ("key_made", alice.pk, made["id"]),
        ("key_refused", None, ""),
        ("key_revoked", alice.pk, made["id"]),
    ]
    assert [entry.address for entry in told] == ["127.0.0.1"] * 3
    assert made["key"].rpartition("_")[2] not in str([entry.details for entry in told])


def test_the_page_makes_a_key_shows_it_once_and_revokes_it(as_alice: Client, client: Client) -> None:
    form = {"name": "nas", "scopes": ["jobs:read", "library:read"], "lifetime_days": "30"}

    made = as_alice.post("/account/keys/", form)
    [key] = ApiKey.objects.all()
    text = made.context["made"].text
    again = as_alice.get("/account/keys/").content.decode()
    works = client.get("/api/dubs", headers=bearer(text)).status_code
    revoked = as_alice.post(f"/account/keys/{key.id}/revoke/")

    assert text in made.content.decode()
    assert "no-store" in made.headers["Cache-Control"]
    assert (text in again, "nas" in again, works) == (False, True, 200)
    assert key.expires_at is not None
    assert timedelta(days=29) < key.expires_at - timezone.now() <= timedelta(days=30)
    assert (revoked.status_code, ApiKey.objects.count()) == (302, 0)


def test_the_page_offers_what_the_role_allows(client: Client, db: None) -> None:
    client.force_login(make_user("carol", role=Role.VIEWER))

    offered = client.get("/account/keys/").context["form"].fields["scopes"].choices
    refused = client.post("/account/keys/", {"name": "x", "scopes": ["jobs:write"], "lifetime_days": ""})

    assert [value for value, _label in offered] == ["jobs:read", "library:read"]
    assert (refused.status_code, ApiKey.objects.count()) == (422, 0)


def test_the_openapi_document_names_the_scope_of_every_operation(as_alice: Client, settings: LazySettings) -> None:
    schema = as_alice.get("/api/schema/", headers={"accept": JSON}).json()
    operations = {
        f"{method.upper()} {path}": {name: scopes for need in operation["security"] for name, scopes in need.items()}
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }

    assert schema["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert operations["GET /api/jobs"] == {"key": ["jobs:read"], "cookieAuth": []}
    assert operations["POST /api/jobs"] == {"key": ["jobs:write"], "cookieAuth": []}
    assert operations["POST /api/keys"] == {"cookieAuth": []}
    assert {scope for needs in operations.values() for scope in needs.get("key", [])} <= set(Scope.values)
