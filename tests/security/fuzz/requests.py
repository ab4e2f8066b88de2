"""Requests made from the OpenAPI document by schemathesis, valid and not, sent to a real server with a user's key."""

from __future__ import annotations

import itertools
import json
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self
from unittest import SkipTest

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from tests.security.attack.ground import Ground, prepared
from tests.security.fuzz import processor, strange
from tests.security.fuzz.effort import Effort, Found, Rounds, Target

SERVER_ERROR = 500
TOLD_5XX = (503, 507)  # with a reason: the queue, the disk
PROBLEM = "application/problem+json"
OWN_IDS_SHARE = 0.5  # of requests: with random ids alone, everything would be 404
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
CREDENTIALS = ("Authorization", "Cookie", "sessionid", "csrftoken")
IN_PERSON_SHARE = 0.3  # with a session: some things no key may do
AT_A_TIME = 10  # requests of a kind at most; the first of them is always the plainest there is
AT_ONCE = 2  # sent while the next are made up
PROCESSOR_S = 5.0  # of the server while a request is answered; nearly all take 0.03 s
TIMEOUT_S = 900.0
# Any request may meet these, whatever its operation documents: a body of no sense or kind, no right, too many.
EVERYWHERE = frozenset({400, 401, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422, 423, 429, 431, 460})


def send(ground: Ground, effort: Effort, found: Found) -> None:
    """`effort.cases` requests or a few more: some of every operation, valid and not, in turn."""
    document = json.loads(ground.ask("GET", "/api/schema/?format=json", ground.key("alice")).body)
    results = list(schemathesis.openapi.from_dict(document).get_all_operations())
    operations = [result.ok() for result in results if isinstance(result, Ok)]
    found.check(len(operations) == len(results), "the OpenAPI document has operations that make no sense")
    kinds = [operation.as_strategy(generation_mode=mode) for operation in operations for mode in MODES]
    at_a_time = max(1, min(AT_A_TIME, effort.cases // len(kinds)))
    rounds = replace(effort, cases=sys.maxsize).rounds()  # not all of them can be sent
    with _Senders(ground, found) as senders:
        for number in itertools.count(effort.seed):
            for kind in kinds:
                if rounds.are_over or found.cases >= effort.cases:
                    return
                with suppress(SkipTest, Unsatisfiable):  # nothing can be wrong with a request that takes nothing
                    _run(kind, partial(_prepare, ground, rounds, senders), number, at_a_time)


def _run(kind: Any, act: Callable[[Case], None], number: int, times: int) -> None:
    @seed(number)
    @settings(
        max_examples=times,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=kind)
    def every(case: Case) -> None:
        act(case)

    every()


def _prepare(ground: Ground, rounds: Rounds, senders: _Senders, case: Case) -> None:
    taken = next(rounds, None)
    if taken is None:
        return
    _number, chance = taken
    own = ground.told.ids
    if case.method.upper() != "DELETE":  # the others still need what is there
        for name in case.path_parameters or {}:
            if name in own and chance.random() < OWN_IDS_SHARE:
                case.path_parameters[name] = own[name]
    strange.put_into(case, chance)
    for name in CREDENTIALS:  # made up, and in the way of real ones
        case.headers.pop(name, None)
        case.cookies.pop(name, None)
    senders.send(case, ground.session("alice") if chance.random() < IN_PERSON_SHARE else ground.key("alice"))


class _Senders:
    """Send cases side by side, a few ahead of the answers. What goes wrong in sending is raised at the end."""

    def __init__(self, ground: Ground, found: Found) -> None:
        self._ground = ground
        self._found = found
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._room = threading.Semaphore(2 * AT_ONCE)
        self._sent: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._threads.shutdown()
        for each in self._sent:
            each.result()

    def send(self, case: Case, who: Mapping[str, str]) -> None:
        self._room.acquire()
        self._sent.append(self._threads.submit(self._send, case, who))

    def _send(self, case: Case, who: Mapping[str, str]) -> None:
        try:
            _send(self._ground, self._found, case, who)
        finally:
            self._room.release()


def _send(ground: Ground, found: Found, case: Case, who: Mapping[str, str]) -> None:
    used_s = processor.used_s(ground.proxied.pid)
    try:
        answer = case.call(
            base_url=f"http://{ground.proxied.address}",
            headers=dict(who),
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
    except (ValueError, requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL):
        found.count("that cannot be said in HTTP")
        return
    except requests.exceptions.RequestException as error:
        found.check(False, f"no answer to {case.method} {case.operation.path}: {str(error)[:500]}")
        return
    found.end_case()
    used_s = processor.used_s(ground.proxied.pid) - used_s
    found.highest("s of the server's processor at most", round(used_s, 1))
    found.count(f"× {answer.status_code}")
    told = f"{case.method} {str(answer.request.url)[:300]}: {answer.status_code} {answer.content[:300]!r}"
    documented = {int(code) for code in case.operation.definition.raw.get("responses", {}) if code.isdigit()}
    found.check(used_s < PROCESSOR_S, f"{used_s:.1f} s of the server's processor meanwhile: {told}")
    if answer.status_code >= SERVER_ERROR:
        found.check(answer.status_code in TOLD_5XX, told)
    else:
        found.check(answer.status_code in documented | EVERYWHERE, f"not documented: {told}")


def _fuzz(effort: Effort, folder: Path, found: Found) -> None:
    with prepared(folder, processes=0) as ground:
        send(ground, effort, found)


REQUESTS = Target(
    "Requests from the OpenAPI document",
    "no 5xx without a reason, no status that is not documented, little of the server's time",
    5_000,
    _fuzz,
)
