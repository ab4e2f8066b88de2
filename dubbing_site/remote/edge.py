"""The outermost part of the application: finds out who asks, and refuses whom the operator does not let in.

daphne's own `--proxy-headers` believes the leftmost address from any peer, and it takes `Daphne-Root-Path` from
anybody; neither is used.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from dubbing_site.api.problems import CONTENT_TYPE, problem_of
from dubbing_site.remote import cloudflare, notes
from dubbing_site.remote.addresses import Client, ForwardedUnreadable, Headers, is_dropped, resolve, values
from dubbing_site.remote.cloudflare import TOKEN_HEADER, Gatekeeper, KeysUnavailable, TokenInvalid
from dubbing_site.remote.policy import WHY, Mode, Policy, Rule, configured

logger = structlog.get_logger(__name__)
Scope = dict[str, Any]
Note = Callable[[str, Rule, str], Awaitable[None]]
PROBLEM_PATHS = ("/api/", "/files/")
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title></head><body><h1>{title}</h1><p>{why}</p><p>{more} <code>{rule}</code></p></body></html>
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks, and the rule that keeps them out, if any."""

    address: str
    is_encrypted: bool
    refused_by: Rule | None


class Door:
    """Judges visits. Made once, from settings that were checked when they were read."""

    def __init__(self, policy: Policy, gatekeeper: Gatekeeper | None) -> None:
        self.policy = policy
        self._gatekeeper = gatekeeper

    async def judge(self, peer: str | None, headers: Headers) -> Visit:
        try:
            client = resolve(peer, headers, self.policy.trusted_proxies)
        except ForwardedUnreadable:
            return Visit(peer or "", False, Rule.UNREADABLE)
        rule = self.policy.verdict(client, headers)
        if rule is None and self.policy.needs_token(client):
            rule = await self._token_refused(headers)
        return Visit(_text(client), client.is_encrypted, rule)

    async def _token_refused(self, headers: Headers) -> Rule | None:
        tokens = values(headers, TOKEN_HEADER)
        if len(tokens) != 1 or self._gatekeeper is None:
            return Rule.NO_TOKEN
        try:
            await asyncio.to_thread(self._gatekeeper.check, tokens[0].decode("latin1"))
        except TokenInvalid as error:
            logger.info("access_token_refused", reason=str(error))
            return Rule.BAD_TOKEN
        except KeysUnavailable:
            return Rule.NO_KEYS
        return None


class Edge:
    """Wraps the whole application. What is behind it finds the client in `client` and the scheme in `scheme`."""

    def __init__(self, application: Any, door: Door, note: Note = notes.write_down) -> None:
        self._application = application
        self._door = door
        self._note = note

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> Any:
        if scope["type"] not in ("http", "websocket"):
            return await self._application(scope, receive, send)
        peer, port = scope.get("client") or (None, 0)
        visit = await self._door.judge(peer, scope["headers"])
        if visit.refused_by is not None:
            await self._note(visit.address, visit.refused_by, _agent(scope))
            return await _refuse(scope, send, visit.refused_by)
        known = {"client": [visit.address, port], "scheme": _scheme(scope["type"], visit.is_encrypted)}
        headers = [(name, value) for name, value in scope["headers"] if not is_dropped(name)]
        # daphne lets any client choose the root path, which stands in every link that the site writes.
        return await self._application(scope | known | {"headers": headers, "root_path": ""}, receive, send)


def door() -> Door:
    team, audience = settings.CLOUDFLARE_TEAM_DOMAIN, settings.CLOUDFLARE_AUDIENCE
    policy, gatekeeper = configured(), None
    if policy.mode is Mode.CLOUDFLARE:
        keys = cloudflare.Keys(cloudflare.fetch_from(team))
        gatekeeper = Gatekeeper(keys, team_domain=team, audience=audience)
    return Door(policy, gatekeeper)


async def _refuse(scope: Scope, send: Any, rule: Rule) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4403})  # before it is accepted: the handshake ends in 403
        return
    why = str(WHY[rule])
    if scope["path"].startswith(PROBLEM_PATHS):
        kind, body = CONTENT_TYPE, json.dumps(problem_of(HTTPStatus.FORBIDDEN, str(rule), why))
    else:
        kind, title, more = "text/html; charset=utf-8", _("Not from here"), _("Whoever runs this server is told:")
        body = PAGE.format(title=escape(title), why=escape(why), more=escape(more), rule=escape(rule))
    content = b"" if scope["method"] == "HEAD" else body.encode()
    headers = {
        "content-type": kind,
        "content-length": str(len(body.encode())),
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
    }
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": int(HTTPStatus.FORBIDDEN), "headers": lines})
    await send({"type": "http.response.body", "body": content})


def _scheme(kind: str, is_encrypted: bool) -> str:
    plain = "http" if kind == "http" else "ws"
    return plain + "s" if is_encrypted else plain


def _text(client: Client) -> str:
    return str(client.address) if client.address else ""


def _agent(scope: Scope) -> str:
    return b" ".join(values(scope["headers"], b"user-agent")).decode("latin1")[:255]
