"""Cloudflare Access' word for a client: a signed token, checked with keys that are fetched now and then.

https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable
from http import HTTPStatus

import jwt
import structlog

logger = structlog.get_logger(__name__)
TOKEN_HEADER = b"cf-access-jwt-assertion"
ALGORITHMS = ("RS256", "ES256")
SKEW_S = 60
FRESH_S = 3600.0
STALE_S = 24 * 3600.0  # for which earlier keys are believed while new ones cannot be fetched
ASK_AGAIN_S = 60.0
FETCH_TIMEOUT_S = 5.0
FETCH_MAX_BYTES = 256 * 1024
TOKEN_MAX_CHARS = 8192


class KeysUnavailable(Exception):
    """No keys that may still be believed, and none to be had."""


class TokenInvalid(Exception):
    """Not Cloudflare's word for this site, or no longer. The message is for the log."""


def fetch_from(team_domain: str) -> Callable[[], bytes]:
    """What gets the published keys, following no redirect and no proxy. It raises OSError or HTTPException."""

    def fetch() -> bytes:
        link = http.client.HTTPSConnection(team_domain, timeout=FETCH_TIMEOUT_S, context=ssl.create_default_context())
        try:
            link.request("GET", "/cdn-cgi/access/certs", headers={"Accept": "application/json"})
            answer = link.getresponse()
            if answer.status != HTTPStatus.OK:
                raise OSError(f"answered {answer.status}")
            return answer.read(FETCH_MAX_BYTES)
        finally:
            link.close()

    return fetch


class Keys:
    """Cloudflare's public keys by their id. One fetches while others go on with what there is."""

    def __init__(self, fetch: Callable[[], bytes], clock_s: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock_s = clock_s
        self._turn = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at_s = -STALE_S
        self._asked_at_s = -ASK_AGAIN_S

    def get(self, key_id: str) -> jwt.PyJWK:
        """Raises KeysUnavailable, or TokenInvalid for an id that Cloudflare does not know either."""
        if self._age_s >= FRESH_S or key_id not in self._keys:
            self._ask()
        if self._age_s >= STALE_S:
            raise KeysUnavailable
        if (key := self._keys.get(key_id)) is None:
            raise TokenInvalid("unknown key")
        return key

    @property
    def _age_s(self) -> float:
        return self._clock_s() - self._fetched_at_s

    def _ask(self) -> None:
        """At most once in ASK_AGAIN_S: tokens with made-up key ids must not become requests to Cloudflare."""
        if not self._turn.acquire(blocking=not self._keys):
            return
        try:
            if self._clock_s() - self._asked_at_s < ASK_AGAIN_S:
                return
            self._asked_at_s = self._clock_s()
            self._keys = _parsed(self._fetch())
            self._fetched_at_s = self._clock_s()
        except (OSError, http.client.HTTPException, ValueError, jwt.PyJWTError) as error:
            logger.warning("access_keys_not_fetched", error=str(error), has_earlier=bool(self._keys))
        finally:
            self._turn.release()


def _parsed(text: bytes) -> dict[str, jwt.PyJWK]:
    """The keys by id that Access signs with. Raises ValueError when there are none."""
    document = json.loads(text)
    entries = document.get("keys") if isinstance(document, dict) else None
    keys = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("kty") in ("RSA", "EC") and isinstance(entry.get("kid"), str):
            keys[entry["kid"]] = jwt.PyJWK.from_dict(entry)
    if not keys:
        raise ValueError("no keys in the answer")
    return keys


class Gatekeeper:
    """Checks tokens made for this site by one team's Access."""

    def __init__(self, keys: Keys, *, team_domain: str, audience: str) -> None:
        self._keys = keys
        self._issuer = f"https://{team_domain}"
        self._audience = audience

    def check(self, token: str) -> None:
        """Raises TokenInvalid or KeysUnavailable. May take FETCH_TIMEOUT_S."""
        if len(token) > TOKEN_MAX_CHARS:
            raise TokenInvalid("too long")
        try:
            header = jwt.get_unverified_header(token)
            key_id, algorithm = header.get("kid"), header.get("alg")
            if algorithm not in ALGORITHMS or not isinstance(key_id, str):
                raise TokenInvalid("not signed as Cloudflare signs")
            jwt.decode(
                token,
                self._keys.get(key_id),
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=SKEW_S,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:  # malformed ones end in either
            raise TokenInvalid(type(error).__name__) from error
