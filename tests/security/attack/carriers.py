"""What rides along: sockets from other sites, names in headers, addresses to be called, archives, forged tokens."""

from __future__ import annotations

import ast
import asyncio
import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import jwt
import websockets
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dubbing_site.remote.cloudflare import Gatekeeper, Keys, KeysUnavailable, TokenInvalid
from tests.pipeline import hostile
from tests.security.attack.attack import Attack, Scale, Tried
from tests.security.attack.ground import Ground

ROOT = Path(__file__).resolve().parents[3]
PRODUCT = ("accounts", "uploads", "library", "jobs", "pipeline", "dubbing_site")
# Parsers of XML and archives, and what makes objects of bytes.
PARSERS = frozenset({"xml", "lxml", "zipfile", "tarfile", "rarfile", "py7zr", "pickle", "marshal", "shelve", "yaml"})
BETWEEN_OUR_PROCESSES = {"jobs/transport/shared.py": {"pickle"}}  # a pipe that nobody else can write to
NO_ADDRESSES = ("next", "previous", "file")  # of a list's pages: said, never taken; of a form: the file's bytes
ANSWER_S = 600.0  # of a socket: late on a busy machine is no find
TEAM, AUDIENCE = "team.example.com", "this site"


def _sockets(ground: Ground, _scale: Scale) -> Tried:
    tried = Tried()
    place = f"ws://{ground.proxied.address}/ws/jobs/{ground.told.ids['job_id']}/"
    cookie = {"Cookie": ground.session("alice")["Cookie"]}
    for origin in ("https://evil.example", "null", f"http://{ground.proxied.address}.evil.example", "http://localhost"):
        tried.note(asyncio.run(_opened(place, cookie | {"Origin": origin})))
    tried.check(set(tried.answers) <= {"400", "403"}, f"from another origin: {dict(tried.answers)}")
    foreign = asyncio.run(_opened(place, {"Cookie": ground.session("bob")["Cookie"]}))
    nobody = asyncio.run(_opened(place, {}))
    lesser = asyncio.run(_opened(place, ground.key("reader")))
    for answer in (foreign, nobody, lesser):
        tried.note(answer)
    tried.check((foreign, nobody, lesser) == ("4404", "4401", "4403"), f"closed with {foreign}, {nobody}, {lesser}")
    own = asyncio.run(_opened(place, cookie))
    tried.check(own == "open", f"the owner's own socket: {own}")
    return tried


async def _opened(place: str, headers: dict[str, str]) -> str:
    """The status that refused it, the code that closed it, or "open" once something was said."""
    try:
        async with websockets.connect(place, additional_headers=headers, open_timeout=ANSWER_S) as socket:
            try:
                await asyncio.wait_for(socket.recv(), ANSWER_S)
            except ConnectionClosed as closed:
                return str(closed.rcvd.code if closed.rcvd else "cut")
            return "open"
    except InvalidStatus as refused:
        return str(refused.response.status_code)


def _headers(ground: Ground, _scale: Scale) -> Tried:
    """The dub's title breaks a line and closes a quotation; it is the name of every download."""
    tried = Tried()
    kinds = ground.ask("GET", f"/api/dubs/{ground.told.ids['dub_id']}", ground.key("alice"))
    for artifact in json.loads(kinds.body)["artifacts"]:
        place = f"dubs/{ground.told.ids['dub_id']}/files/{artifact['kind']}"
        for path, who in ((f"/api/{place}", ground.key("alice")), (f"/{place}/?download=1", ground.session("alice"))):
            answer = ground.ask("GET", path, who)
            tried.expect(path, answer, 200, 404)
            tried.check(not answer.cookie("stolen"), f"{path} set a cookie")
            named = answer.header("Content-Disposition")
            tried.check("\n" not in named and "\r" not in named, f"{path} is named {named!r}")
            safe = answer.status != 200 or "sandbox" in answer.header("Content-Security-Policy")
            tried.check(safe, f"{path} may act as a page of this site")
    return tried


def _called(ground: Ground, _scale: Scale) -> Tried:
    """Every text a user can give is an address of ours; nobody may call it."""
    tried = Tried()
    with hostile.listening() as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/film.mp4"
        ids = ground.told.ids
        for name in ("upload", "source", "url", "subtitles", "webhook", "name", "asr", "voice", "audio_track", "edits"):
            fields = {"upload": ids["upload_id"], "target_language": "es"} | {name: address}
            tried.expect(name, ground.ask("POST", "/api/jobs", ground.key("alice"), fields), 201, 400, 409, 410, 422)
        init = {"name": address, "total_bytes": 10, "url": address}
        tried.expect("upload", ground.ask("POST", "/api/uploads/init", ground.key("alice"), init), 200, 201, 400)
        pull = ground.ask("POST", "/api/uploads/import", ground.key("alice"), {"path": address})
        tried.expect("import", pull, 400, 403, 404)
        wishes = ground.ask("PATCH", "/api/me/settings", ground.session("alice"), {"voices": {"es": address}})
        tried.expect("settings", wishes, 200, 400)
        tried.check(not hostile.was_called(server), "the server called an address that a user wrote")
    schema = json.loads(ground.ask("GET", "/api/schema/?format=json", ground.session("alice")).body)
    taken = {name for each in schema["components"]["schemas"].items() for name in _addresses(*each)}
    tried.check(not taken, f"the API takes addresses: {sorted(taken)}")
    return tried


def _addresses(name: str, schema: dict[str, Any]) -> list[str]:
    """Fields of a body that hold an address of the network."""
    parts = schema.get("properties", {}).items()
    taken = (key for key, part in parts if part.get("format") == "uri" and not part.get("readOnly"))
    return [f"{name}.{key}" for key in taken if key not in NO_ADDRESSES]


def _parsers(_ground: Ground, _scale: Scale) -> Tried:
    """What is imported is media, which ffprobe judges; nothing unpacks or reads XML, so there is nothing to trick."""
    tried = Tried()
    for path in (path for app in PRODUCT for path in (ROOT / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            used = PARSERS.intersection(name.partition(".")[0] for name in names)
            place = str(path.relative_to(ROOT))
            tried.check(used <= BETWEEN_OUR_PROCESSES.get(place, set()), f"{place} imports {used}")
        tried.note("module without them")
    return tried


def _tokens(_ground: Ground, _scale: Scale) -> Tried:
    """Cloudflare Access' token, forged in each way that has worked somewhere."""
    tried = Tried()
    ours, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    published = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(ours.public_key())) | {"kid": "1", "alg": "RS256"}
    keeper = Gatekeeper(Keys(lambda: json.dumps({"keys": [published]}).encode()), team_domain=TEAM, audience=AUDIENCE)
    pem = ours.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    now = int(time.time())
    right = {"aud": [AUDIENCE], "iss": f"https://{TEAM}", "exp": now + 600, "iat": now, "nbf": now}

    def signed(kid: str = "1", key: Any = ours, algorithm: str | None = "RS256", **changes: Any) -> str:
        claims = {name: value for name, value in (right | changes).items() if value is not None}
        return jwt.encode(claims, key, algorithm, {"kid": kid})

    genuine = signed()
    head, body, _signature = genuine.split(".")
    forged = {
        "alg none": signed(key=None, algorithm="none"),
        "no signature": f"{head}.{body}.",
        "public key as a password": _symmetric(right, pem),
        "another's key": signed(key=other),
        "unknown kid": signed(kid="2"),
        "wrong audience": signed(aud=["another"]),
        "no audience": signed(aud=None),
        "wrong issuer": signed(iss="https://evil.example"),
        "expired": signed(exp=now - 120),
        "without an end": signed(exp=None),
        "not yet": signed(nbf=now + 120),
        "nonsense": "a.b.c",
        "empty": "",
        "long": "a" * 100_000,
    }
    keeper.check(genuine)
    for name, token in forged.items():
        try:
            keeper.check(token)
        except (TokenInvalid, KeysUnavailable):
            tried.note("refused")
        else:
            tried.note("believed")
            tried.check(False, f"{name} was believed")
    return tried


def _symmetric(claims: dict[str, Any], public_pem: bytes) -> str:
    """PyJWT refuses to sign so itself."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    head = {"alg": "HS256", "typ": "JWT", "kid": "1"}
    text = f"{part(json.dumps(head).encode())}.{part(json.dumps(claims).encode())}"
    return f"{text}.{part(hmac.digest(public_pem, text.encode(), hashlib.sha256))}"


ATTACKS = (
    Attack("WebSocket from another origin", "refused before it opens; others' jobs closed with a reason", _sockets),
    Attack("Header injection in downloads", "no name of a file ends a header; files are no pages", _headers),
    Attack("Server-side requests (SSRF)", "no text of a user's is called", _called),
    Attack("XXE and archives in imports", "nothing here parses XML, archives or pickles of others", _parsers),
    Attack("Forged JWT of Cloudflare Access", "only its own key, audience, issuer and time", _tokens),
)
