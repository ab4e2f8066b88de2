"""The edge: whom each mode lets in, what it tells those it does not, and what it lets nobody say to the site."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from dubbing_site.remote.cloudflare import KeysUnavailable, TokenInvalid
from dubbing_site.remote.edge import Door, Edge
from dubbing_site.remote.policy import LOOPBACK, PRIVATE, TAILSCALE, WHY, Mode, Policy, Rule, networks
from dubbing_site.remote.report import REMEDIES

Lines = list[tuple[bytes, bytes]]
PROXY = networks("127.0.0.1")


class Inside:
    """The site behind the edge; keeps what it was asked."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []

    async def __call__(self, scope: dict[str, Any], _receive: Any, send: Any) -> None:
        self.scopes.append(scope)


class Access:
    """A gatekeeper that believes one token."""

    def check(self, token: str) -> None:
        if token == "no keys":
            raise KeysUnavailable
        if token != "good":
            raise TokenInvalid("made up")


class Visitor:
    def __init__(self, mode: Mode = Mode.OFF, *, allowed: str = "", proxies: Any = PROXY) -> None:
        own = {Mode.OFF: PRIVATE, Mode.TAILSCALE: TAILSCALE, Mode.CLOUDFLARE: ()}[mode]
        policy = Policy(mode, LOOPBACK + own + networks(*allowed.split()), proxies)
        self.inside, self.notes, self.sent = Inside(), [], []  # type: ignore[var-annotated]
        gatekeeper: Any = Access() if mode is Mode.CLOUDFLARE else None
        self.edge = Edge(self.inside, Door(policy, gatekeeper), self._note)

    async def _note(self, address: str, rule: Rule, user_agent: str) -> None:
        self.notes.append((address, rule, user_agent))

    def ask(self, peer: str | None, *headers: tuple[bytes, bytes], path: str = "/", kind: str = "http") -> bool:
        """Whether the site behind heard of it."""
        scope: dict[str, Any] = {
            "type": kind,
            "path": path,
            "method": "GET",
            "headers": list(headers),
            "root_path": "//evil.example",
        }
        scope |= {"client": [peer, 4711] if peer else None, "scheme": "http"}

        async def send(message: dict[str, Any]) -> None:
            self.sent.append(message)

        before = len(self.inside.scopes)
        asyncio.run(self.edge(scope, None, send))
        return len(self.inside.scopes) > before

    @property
    def refused_by(self) -> Rule:
        rule: Rule = self.notes[-1][1]
        return rule


def forwarded(address: str, *more: tuple[bytes, bytes]) -> Lines:
    return [(b"x-forwarded-for", address.encode()), *more]


@pytest.mark.parametrize(
    ("mode", "address", "is_let_in"),
    [
        (Mode.OFF, "127.0.0.1", True),
        (Mode.OFF, "::1", True),
        (Mode.OFF, "192.168.1.20", True),
        (Mode.OFF, "::ffff:192.168.1.20", True),
        (Mode.OFF, "10.1.2.3", True),
        (Mode.OFF, "172.31.0.9", True),
        (Mode.OFF, "172.32.0.9", False),
        (Mode.OFF, "fd12:3456::1", True),
        (Mode.OFF, "100.64.0.7", False),
        (Mode.OFF, "203.0.113.9", False),
        (Mode.OFF, "2001:db8::1", False),
        (Mode.TAILSCALE, "127.0.0.1", True),
        (Mode.TAILSCALE, "100.64.0.7", True),
        (Mode.TAILSCALE, "100.127.255.254", True),
        (Mode.TAILSCALE, "100.128.0.1", False),
        (Mode.TAILSCALE, "fd7a:115c:a1e0::7", True),
        (Mode.TAILSCALE, "192.168.1.20", False),
        (Mode.TAILSCALE, "203.0.113.9", False),
        (Mode.CLOUDFLARE, "127.0.0.1", True),
        (Mode.CLOUDFLARE, "192.168.1.20", False),
        (Mode.CLOUDFLARE, "203.0.113.9", False),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_each_mode_lets_in_its_own_networks(mode: Mode, address: str, is_let_in: bool, kind: str) -> None:
    assert Visitor(mode).ask(address, kind=kind) is is_let_in


@pytest.mark.parametrize("mode", list(Mode))
def test_an_operator_may_allow_more_networks_in_every_mode(mode: Mode) -> None:
    visitor = Visitor(mode, allowed="203.0.113.0/24")

    assert visitor.ask("203.0.113.9")
    assert not visitor.ask("203.0.114.9")


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.TAILSCALE])
def test_behind_a_trusted_proxy_it_is_the_client_that_must_be_allowed(mode: Mode) -> None:
    inside = "192.168.1.20" if mode is Mode.OFF else "100.64.0.7"
    visitor = Visitor(mode)

    assert visitor.ask("127.0.0.1", *forwarded(inside))
    assert not visitor.ask("127.0.0.1", *forwarded("203.0.113.9"))
    assert not visitor.ask("127.0.0.1", *forwarded(f"{inside}, 203.0.113.9"))
    assert visitor.refused_by is Rule.ADDRESS


@pytest.mark.parametrize("mode", [Mode.TAILSCALE, Mode.CLOUDFLARE])
@pytest.mark.parametrize("name", [b"x-forwarded-for", b"x-forwarded-proto", b"via", b"forwarded", b"cf-ray"])
def test_a_proxy_that_is_not_declared_does_not_pass_for_this_machine(mode: Mode, name: bytes) -> None:
    visitor = Visitor(mode, proxies=())

    assert not visitor.ask("127.0.0.1", (name, b"203.0.113.9"))
    assert visitor.refused_by is Rule.UNDECLARED_PROXY


def test_a_trusted_proxy_that_names_no_address_lets_nobody_in() -> None:
    visitor = Visitor()

    assert not visitor.ask("127.0.0.1", *forwarded("unknown"))
    assert visitor.refused_by is Rule.UNREADABLE


@pytest.mark.parametrize(
    ("tokens", "rule"),
    [
        (["good"], None),
        ([], Rule.NO_TOKEN),
        (["bad"], Rule.BAD_TOKEN),
        (["good", "good"], Rule.NO_TOKEN),
        (["no keys"], Rule.NO_KEYS),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_through_cloudflare_only_with_its_word(tokens: list[str], rule: Rule | None, kind: str) -> None:
    visitor = Visitor(Mode.CLOUDFLARE, allowed="203.0.113.0/24")
    assertions = [(b"cf-access-jwt-assertion", token.encode()) for token in tokens]

    is_let_in = visitor.ask("127.0.0.1", *forwarded("203.0.113.9", *assertions), kind=kind)

    assert is_let_in is (rule is None)
    assert [note[1] for note in visitor.notes] == ([] if rule is None else [rule])


def test_a_token_without_cloudflares_proxy_opens_nothing() -> None:
    visitor = Visitor(Mode.CLOUDFLARE)

    assert not visitor.ask("192.168.1.20", (b"cf-access-jwt-assertion", b"good"))
    assert not visitor.ask("127.0.0.1", (b"cf-access-jwt-assertion", b"good"))


def test_behind_the_edge_there_is_one_address_and_no_trace_of_proxies() -> None:
    visitor = Visitor()
    said: Lines = [
        (b"x-forwarded-for", b"192.168.1.20"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-host", b"evil.example"),
        (b"forwarded", b"for=evil"),
        (b"x-real-ip", b"1.1.1.1"),
        (b"x-request-id", b"forged"),
        (b"cf-connecting-ip", b"1.1.1.1"),
        (b"tailscale-user-login", b"admin@example.org"),
        (b"host", b"dub.example.org"),
    ]

    visitor.ask("127.0.0.1", *said)
    visitor.ask("127.0.0.1", *said, kind="websocket")
    visitor.ask("192.168.1.21", *said)

    through, socket, direct = visitor.inside.scopes
    assert (through["client"][0], through["scheme"]) == ("192.168.1.20", "https")
    assert (socket["client"][0], socket["scheme"]) == ("192.168.1.20", "wss")
    assert (direct["client"][0], direct["scheme"]) == ("192.168.1.21", "http")
    assert through["headers"] == socket["headers"] == direct["headers"] == [(b"host", b"dub.example.org")]


def test_no_client_chooses_where_the_sites_links_lead() -> None:
    visitor = Visitor()

    visitor.ask("127.0.0.1")

    assert visitor.inside.scopes[0]["root_path"] == ""


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "text/html; charset=utf-8"), ("/api/jobs", "application/problem+json")]
)
def test_a_refusal_names_the_rule_and_nothing_else(path: str, kind: str) -> None:
    visitor = Visitor()

    visitor.ask("203.0.113.9", (b"user-agent", b"<script>"), path=path)

    start, body = visitor.sent
    headers = dict(start["headers"])
    assert start["status"] == 403
    assert headers[b"content-type"] == kind.encode()
    assert int(headers[b"content-length"]) == len(body["body"])
    assert b"address_not_allowed" in body["body"]
    assert b"<script>" not in body["body"]
    assert b"203.0.113.9" not in body["body"]
    if kind.endswith("json"):
        assert json.loads(body["body"])["code"] == "address_not_allowed"


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_is_explained_to_clients_and_operators(rule: Rule) -> None:
    page = (Path(__file__).parents[2] / "docs" / "remote-access.md").read_text(encoding="utf-8")

    assert f"| `{rule}` |" in page
    assert WHY[rule]
    assert REMEDIES[rule]


def test_a_refused_socket_is_closed_before_it_is_open() -> None:
    visitor = Visitor()

    visitor.ask("203.0.113.9", kind="websocket")

    assert [message["type"] for message in visitor.sent] == ["websocket.close"]
