"""Cloudflare Access' tokens: only those it made for this site, now, with keys it publishes, fetched seldom."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from dubbing_site.remote.cloudflare import (
    ASK_AGAIN_S,
    FRESH_S,
    STALE_S,
    Gatekeeper,
    Keys,
    KeysUnavailable,
    TokenInvalid,
)

TEAM, AUDIENCE = "team.cloudflareaccess.com", "aud-of-this-site"
FIRST = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SECOND = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def published(**keys: PrivateKeyTypes) -> bytes:
    entries = []
    for name, key in keys.items():
        if isinstance(key, ec.EllipticCurvePrivateKey):
            entry: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"alg": "ES256"}
        else:
            assert isinstance(key, rsa.RSAPrivateKey)
            entry = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"alg": "RS256"}
        entries.append(entry | {"kid": name, "use": "sig"})
    return json.dumps({"keys": entries}).encode()


class Publisher:
    """Cloudflare's list of keys, which may change or be away."""

    def __init__(self, **keys: PrivateKeyTypes) -> None:
        self.answer: Callable[[], bytes] = lambda: published(**keys)
        self.times_asked = 0

    def __call__(self) -> bytes:
        self.times_asked += 1
        return self.answer()

    def change(self, **keys: PrivateKeyTypes) -> None:
        self.answer = lambda: published(**keys)

    def go_away(self) -> None:
        def answer() -> bytes:
            raise ConnectionRefusedError

        self.answer = answer


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def token(key: PrivateKeyTypes = FIRST, kid: object = "one", algorithm: str = "RS256", **claims: Any) -> str:
    now_s = time.time()
    usual = {"aud": [AUDIENCE], "iss": f"https://{TEAM}", "iat": now_s, "nbf": now_s, "exp": now_s + 300}
    said = {name: value for name, value in (usual | claims).items() if value is not None}
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(said, key, algorithm=algorithm, headers=headers)  # type: ignore[arg-type]


def gatekeeper(publisher: Publisher | None = None, clock: Clock | None = None) -> Gatekeeper:
    keys = Keys(publisher or Publisher(one=FIRST, curve=CURVE), clock or Clock())
    return Gatekeeper(keys, team_domain=TEAM, audience=AUDIENCE)


def test_a_token_of_cloudflare_for_this_site_is_believed() -> None:
    door = gatekeeper()

    door.check(token())
    door.check(token(CURVE, "curve", "ES256"))
    door.check(token(aud=["another", AUDIENCE]))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["another"]},
        {"aud": None},
        {"iss": "https://other.cloudflareaccess.com"},
        {"iss": f"http://{TEAM}"},
        {"iss": None},
        {"exp": None},
        {"exp": "never"},
        {"exp": 1_700_000_000},
        {"nbf": 9_000_000_000},
        {"iat": 9_000_000_000},
    ],
    ids=str,
)
def test_a_token_for_another_site_or_time_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalid):
        gatekeeper().check(token(**claims))


def test_clocks_may_differ_by_a_minute() -> None:
    door = gatekeeper()
    now_s = time.time()

    door.check(token(exp=now_s - 30))
    door.check(token(nbf=now_s + 30, iat=now_s + 30))


def segment(**said: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()


def forged() -> dict[str, str]:
    claims = token().split(".")[1]
    public = FIRST.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    by_hmac = f"{segment(alg='HS256', kid='one')}.{claims}"
    mac = base64.urlsafe_b64encode(hmac.digest(public, by_hmac.encode(), "sha256")).rstrip(b"=").decode()
    good = token()
    return {
        "no algorithm": f"{segment(alg='none', kid='one')}.{claims}.",
        "no algorithm, other case": f"{segment(alg='nOnE', kid='one')}.{claims}.",
        "the public key as a shared secret": f"{by_hmac}.{mac}",
        "algorithm of another kind of key": token(kid="curve"),
        "not the key it names": token(SECOND),
        "no key named": token(kid=None),
        "a key that is not published": token(SECOND, "two"),
        "changed": good[:-10] + ("A" * 10 if not good.endswith("A" * 10) else "B" * 10),
        "cut": good.rpartition(".")[0],
        "empty": "",
        "long": "a" * 10_000,
        "not base64": "é.ü.ß",
        "a list for a header": f"{base64.urlsafe_b64encode(b'[1]').decode()}.{claims}.x",
        "a number for a key id": f"{segment(alg='RS256', kid=7)}.{claims}.x",
    }


@pytest.mark.parametrize("kind", sorted(forged()))
def test_a_forged_token_is_refused(kind: str) -> None:
    with pytest.raises(TokenInvalid):
        gatekeeper().check(forged()[kind])


def test_keys_are_fetched_once_an_hour() -> None:
    publisher, clock = Publisher(one=FIRST), Clock()
    door = gatekeeper(publisher, clock)

    for _ in range(100):
        door.check(token())
        clock.now_s += FRESH_S / 101
    asked_within_the_hour = publisher.times_asked
    clock.now_s += FRESH_S
    door.check(token())

    assert asked_within_the_hour == 1
    assert publisher.times_asked == 2


def test_a_new_key_is_fetched_when_it_is_first_used_but_made_up_ones_do_not_flood_cloudflare() -> None:
    publisher, clock = Publisher(one=FIRST), Clock()
    door = gatekeeper(publisher, clock)
    door.check(token())
    publisher.change(one=FIRST, two=SECOND)
    clock.now_s += ASK_AGAIN_S

    door.check(token(SECOND, "two"))
    for number in range(50):
        with pytest.raises(TokenInvalid):
            door.check(token(SECOND, f"made up {number}"))

    assert publisher.times_asked == 2


def test_a_key_that_is_no_longer_published_is_no_longer_believed() -> None:
    publisher, clock = Publisher(one=FIRST), Clock()
    door = gatekeeper(publisher, clock)
    door.check(token())
    publisher.change(two=SECOND)
    clock.now_s += FRESH_S

    with pytest.raises(TokenInvalid):
        door.check(token())


def test_earlier_keys_serve_for_a_day_while_cloudflare_cannot_be_reached() -> None:
    publisher, clock = Publisher(one=FIRST), Clock()
    door = gatekeeper(publisher, clock)
    door.check(token())
    publisher.go_away()

    clock.now_s += STALE_S - 1
    door.check(token())
    clock.now_s += 2

    with pytest.raises(KeysUnavailable):
        door.check(token())


def test_without_any_keys_nobody_is_believed_until_they_can_be_had() -> None:
    publisher, clock = Publisher(one=FIRST), Clock()
    door = gatekeeper(publisher, clock)
    publisher.go_away()

    for _ in range(10):
        with pytest.raises(KeysUnavailable):
            door.check(token())
    asked_while_away = publisher.times_asked
    publisher.change(one=FIRST)
    clock.now_s += ASK_AGAIN_S
    door.check(token())

    assert asked_while_away == 1


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "oct"}]}', b"<html>", b"\xff"]
)
def test_an_answer_that_holds_no_keys_changes_nothing(answer: bytes) -> None:
    publisher, clock = Publisher(one=FIRST), Clock()
    door = gatekeeper(publisher, clock)
    door.check(token())
    publisher.answer = lambda: answer
    clock.now_s += FRESH_S

    door.check(token())
