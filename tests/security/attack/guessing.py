"""Getting in: guessed passwords, codes and keys, fixed sessions, stolen QR codes, forged addresses."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from accounts.limits.table import ALLOWANCES, Limit
from tests.factories import PASSWORD
from tests.security.attack.attack import Attack, Scale, Tried
from tests.security.attack.ground import Answer, Ground, stranger
from tests.uploading.site import CSRF

PERIOD_S = 30
AT_ONCE = 16
REPLAYED_AT_ONCE = 50
TRIES_AN_ADDRESS = 20  # fewer than one address may have
SLOWER = 5.0  # times; a real difference between wrong and unknown would need thousands of tries at rest to see


def _most(limit: Limit, began_s: float) -> int:
    """How many tries pass since `began_s`: on a slow machine they may take longer than a window."""
    allowance = ALLOWANCES[limit]
    return allowance.most * (1 + int((time.monotonic() - began_s) // allowance.within_s))


def _at_once(times: int, act: Callable[[int], Answer], at_once: int = AT_ONCE) -> list[Answer]:
    with ThreadPoolExecutor(at_once) as crowd:
        return list(crowd.map(act, range(times)))


def _spoofed(number: int) -> dict[str, str]:
    """A new address each time, in a header that only trusted proxies may send."""
    claimed = f"10.{number // 250 % 250}.{number % 250}.9"
    return stranger() | {"X-Forwarded-For": claimed, "X-Real-IP": claimed, "Forwarded": f"for={claimed}"}


def _passwords(ground: Ground, scale: Scale) -> Tried:
    """carol's password, over all processes at once."""
    tried, began_s = Tried(), time.monotonic()

    def guess(number: int) -> Answer:
        values = {"login": "carol", "password": f"guess {number}"}
        return ground.form("/accounts/login/", values, _spoofed(number), at=ground.direct[number % len(ground.direct)])

    for answer in _at_once(scale.of(full=400, short=20), guess):
        tried.expect("a guess", answer, 200, 429)
    most = _most(Limit.SIGN_IN_BY_ACCOUNT, began_s)
    tried.check(tried.answers["200"] <= most, f"{tried.answers['200']} guesses were looked at; at most {most} may be")
    return tried


def _signing_in(ground: Ground, name: str, **where: Any) -> str:
    """The session of somebody who has given the password and not yet the code."""
    answer = ground.form("/accounts/login/", {"login": name, "password": PASSWORD}, stranger(), **where)
    return answer.cookie("sessionid")


def _code(ground: Ground, name: str) -> str:
    counter = int(time.time()) // PERIOD_S
    code: str = format_hotp_value(hotp_value(ground.told.secrets[f"TOTP secret of {name}"], counter))
    return code


def _holding(session: str, address: str = "") -> dict[str, str]:
    return stranger(address) | {"Cookie": f"sessionid={session}; csrftoken={CSRF}"}


def _replay(ground: Ground, scale: Scale) -> Tried:
    """Each from an address of its own, so that nothing but the code's being used up keeps the second one out."""
    tried, sites = Tried(), (ground.proxied, *ground.direct)

    def where(number: int) -> dict[str, Any]:
        return {"at": sites[number % len(sites)], "source": f"127.9.0.{number + 1}"}

    with ThreadPoolExecutor(AT_ONCE) as crowd:
        numbers = range(scale.of(full=50, short=4))
        sessions = list(crowd.map(lambda number: _signing_in(ground, "alice", **where(number)), numbers))
    tried.check(all(sessions), "a password was refused, so that there is nothing to be seen")
    code = _code(ground, "alice")

    def send(number: int) -> Answer:
        return ground.form("/accounts/2fa/authenticate/", {"code": code}, _holding(sessions[number]), **where(number))

    signed_in = 0
    for answer in _at_once(len(sessions), send, REPLAYED_AT_ONCE):
        tried.expect("the same code", answer, 200, 302, 429)
        signed_in += answer.status == 302 and "login" not in answer.header("Location")
    tried.check(signed_in <= 1, f"one code signed in {signed_in} times")
    return tried


def _codes(ground: Ground, scale: Scale) -> Tried:
    """dave's second factor, with his password known, over all processes and from many addresses at once."""
    tried, began_s = Tried(), time.monotonic()
    session = _signing_in(ground, "dave", source="127.11.0.1")

    def guess(number: int) -> Answer:
        held = _spoofed(number) | _holding(session)
        where = {
            "at": ground.direct[number % len(ground.direct)],
            "source": f"127.11.1.{number // TRIES_AN_ADDRESS + 1}",
        }
        return ground.form("/accounts/2fa/authenticate/", {"code": f"{number:06d}"}, held, **where)

    for answer in _at_once(scale.of(full=400, short=15), guess):
        tried.expect("a code", answer, 200, 302, 429)
        tried.check(answer.status != 302 or "login" in answer.header("Location"), "a guessed code was right")
    most = _most(Limit.SECOND_FACTOR_BY_USER, began_s)
    tried.check(tried.answers["200"] <= most, f"{tried.answers['200']} codes were looked at; at most {most} may be")
    tried.check(tried.answers["200"], "no code was looked at, so that there is nothing to be seen")
    return tried


def _keys(ground: Ground, scale: Scale) -> Tried:
    """A known id with wrong secrets, and unknown ids; the times of both are compared, loosely."""
    tried = Tried()
    known = ground.told.keys["bob"].split("_")[1]
    took_s: dict[str, list[float]] = {known: [], "0" * 32: []}
    for number in range(scale.of(full=200, short=20)):
        for key_id, times in took_s.items():
            about = {"Authorization": f"Bearer dub_{key_id}_{number:048x}", "X-Forwarded-For": f"10.12.{number}.1"}
            began_s = time.perf_counter()
            tried.expect("a secret", ground.ask("GET", "/api/jobs", about), 401)
            times.append(time.perf_counter() - began_s)
    wrong_s, unknown_s = (statistics.median(times) for times in took_s.values())
    tried.check(max(wrong_s, unknown_s) < SLOWER * min(wrong_s, unknown_s), f"{wrong_s:.4f} s and {unknown_s:.4f} s")
    _bad_keys(ground, tried)
    return tried


def _bad_keys(ground: Ground, tried: Tried) -> None:
    """Keys that are nearly right, then one of them again and again, all from one address."""
    whole, about, began_s = ground.told.keys["bob"], {"X-Forwarded-For": "10.13.0.1"}, time.monotonic()
    nearly = (whole[:-1], whole + "0", whole.upper(), whole.replace("dub_", ""), "dub_", "dub__", whole.split("_")[2])
    again = [nearly[-1]] * ALLOWANCES[Limit.BAD_KEY_BY_ADDRESS].most
    answers = [ground.ask("GET", "/api/jobs", about | {"Authorization": f"Bearer {bad}"}) for bad in (*nearly, *again)]
    for bad, answer in zip(nearly, answers, strict=False):
        tried.expect(bad, answer, 401)
    looked_at = sum(answer.status == 401 for answer in answers)
    most = _most(Limit.BAD_KEY_BY_ADDRESS, began_s)
    tried.check(looked_at <= most, f"{looked_at} bad keys from one address were looked at; at most {most} may be")


def _fixed(ground: Ground, _scale: Scale) -> Tried:
    """A victim signs in holding the session that the attacker chose."""
    tried = Tried()
    for chosen in ("a" * 32, _anonymous(ground)):
        held = _holding(chosen, "10.14.0.1")
        answer = ground.form("/accounts/login/", {"login": "erin", "password": PASSWORD}, held)
        tried.expect("sign-in", answer, 302)
        tried.check(answer.cookie("sessionid") not in ("", chosen), "the session kept its key")
        tried.expect("the chosen key", ground.ask("GET", "/api/jobs", held), 302, 401)
        mine = answer.cookie("sessionid")
        tried.check(ground.ask("GET", "/api/jobs", _holding(mine)).status == 200, "the victim is not signed in")
    return tried


def _anonymous(ground: Ground) -> str:
    """A session of nobody's that the server has made itself."""
    about = {"Accept": "application/json", "X-Forwarded-For": "10.14.0.2"}
    return ground.ask("GET", "/accounts/2fa/webauthn/login/", about).cookie("sessionid")


def _qr(ground: Ground, _scale: Scale) -> Tried:
    """A code seen over a shoulder: used twice, guessed, gone on with from elsewhere, finished unconfirmed."""
    tried, thief, victim = Tried(), stranger("10.15.0.1"), stranger("10.15.0.2")
    token = ground.told.secrets["QR code"]

    def claim(who: dict[str, str], text: str) -> Answer:
        return ground.ask("POST", "/pair/claim/", who, {"token": text})

    first = claim(victim, token)
    tried.check(first.status == 200, f"the first to scan was refused: {first.status}")
    tried.expect("scanned twice", claim(thief, token), 410)
    for guess in ("", "x" * 43, token[:-1], token.lower(), token + "="):
        tried.expect("guessed", claim(thief, guess), 410)
    for step in ("accept", "finish"):
        tried.expect(f"{step} without having scanned", ground.ask("POST", f"/pair/{step}/", thief, {}), 404)
    held = _holding(first.cookie("sessionid"), "10.15.0.2")
    tried.expect("finished unaccepted", ground.ask("POST", "/pair/finish/", held, {}), 410)
    ground.ask("POST", "/pair/accept/", held, {})
    tried.expect("finished unconfirmed", ground.ask("POST", "/pair/finish/", held, {}), 410)
    for who in ("bob", "alice"):  # alice's other session did not show it
        tried.expect("confirmed by another", ground.ask("POST", "/account/pair/confirm/", ground.session(who), {}), 404)
    tried.expect("signed in all the same", ground.ask("GET", "/api/jobs", held), 401)
    return tried


def _forwarded(ground: Ground, _scale: Scale) -> Tried:
    """An address that is let in, claimed by somebody whom nobody trusts; garbage through a trusted proxy."""
    tried = Tried()
    for claim in ("203.0.113.9", "10.0.0.1, 203.0.113.9", "203.0.113.9, 203.0.113.10"):
        tried.expect(claim, ground.ask("GET", "/accounts/login/", stranger(claim)), 403)
    for garbage in ("nonsense", "10.0.0.1;drop", "1" * 9_000, "[::1", "-1", "10.0.0.256", "\x7f"):
        tried.expect(garbage[:20], ground.ask("GET", "/accounts/login/", stranger(garbage)), 400, 403, 431)
    answer = ground.ask("GET", "/api/jobs", stranger("10.0.0.1, 203.0.113.9, 10.0.0.2"))
    tried.expect("left of the rightmost", answer, 401)
    return tried


ATTACKS = (
    Attack(
        "Password guessing, forged X-Forwarded-For", "10 tries in 5 minutes for an account from one network", _passwords
    ),
    Attack("One TOTP code many times at once", "one sign-in over all processes", _replay),
    Attack("TOTP guessing, forged X-Forwarded-For", "5 tries in 5 minutes for a user", _codes),
    Attack("API key guessing", "401, no telling times, 30 tries in 5 minutes for an address", _keys),
    Attack("Session fixation", "a new key at sign-in; the chosen one opens nothing", _fixed),
    Attack("QR code stolen and replayed", "one scan, and nobody in without the desk's yes", _qr),
    Attack("Forged X-Forwarded-For past the allow-list", "the rightmost stranger counts", _forwarded),
)
