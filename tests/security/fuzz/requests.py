"""Requests made from the OpenAPI document by schemathesis, valid and not, sent to a real server with a user's key."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from unittest import SkipTest

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from tests.security.attack.ground import Ground, prepared
from tests.security.fuzz.effort import Effort, Found, Target

SERVER_ERROR = 500
TOLD_5XX = (503, 507)  # with a reason: the queue, the disk
PROBLEM = "application/problem+json"
OWN_IDS_SHARE = 0.5  # of requests: with random ids alone, everything would be 404
ROUND_REQUESTS = 3  # valid, and as many not, for every operation in its turn
TIMEOUT_S = 120.0
# Any request may meet these, whatever its operation documents: a body of no sense or kind, no right, too many.
EVERYWHERE = frozenset({400, 401, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422, 423, 429, 431, 460})


def send(ground: Ground, effort: Effort) -> Found:
    """`effort.cases` requests or so, ROUND_REQUESTS an operation at a time."""
    found = Found()
    document = json.loads(ground.ask("GET", "/api/schema/?format=json", ground.key("alice")).body)
    schema = schemathesis.openapi.from_dict(document)
    results = list(schema.get_all_operations())
    operations = [result.ok() for result in results if isinstance(result, Ok)]
    found.check(len(operations) == len(results), "the OpenAPI document has operations that make no sense")
    ends_s = time.monotonic() + effort.seconds
    for number, chance in enumerate(effort.rounds()):
        for operation in operations:
            if time.monotonic() >= ends_s or found.figures.get("requests", 0) >= effort.cases:
                return found
            act = partial(_send, ground, found, chance)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                with suppress(SkipTest, Unsatisfiable):  # nothing can be wrong with a request that takes nothing
                    _run(operation.as_strategy(generation_mode=mode), act, effort.seed + number)
    return found


def _run(strategy: Any, act: Callable[[Case], None], number: int) -> None:
    @seed(number)
    @settings(
        max_examples=ROUND_REQUESTS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def every(case: Case) -> None:
        act(case)

    every()


def _send(ground: Ground, found: Found, chance: Random, case: Case) -> None:
    own = ground.told.ids
    if case.method.upper() != "DELETE":  # the others still need what is there
        for name in case.path_parameters or {}:
            if name in own and chance.random() < OWN_IDS_SHARE:
                case.path_parameters[name] = own[name]
    try:
        answer = case.call(
            base_url=f"http://{ground.proxied.address}",
            headers=ground.key("alice"),
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
    except (ValueError, requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL):
        found.count("that cannot be said in HTTP")
        return
    found.count("requests")
    found.count(f"× {answer.status_code}")
    told = f"{case.method} {answer.request.url}: {answer.status_code} {answer.content[:300]!r}"
    documented = {int(code) for code in case.operation.definition.raw.get("responses", {}) if code.isdigit()}
    if answer.status_code >= SERVER_ERROR:
        found.check(answer.status_code in TOLD_5XX, told)
    else:
        found.check(answer.status_code in documented | EVERYWHERE, f"not documented: {told}")


def _fuzz(effort: Effort, folder: Path) -> Found:
    with prepared(folder, processes=0) as ground:
        return send(ground, effort)


REQUESTS = Target(
    "Requests from the OpenAPI document",
    "no 5xx without a reason, no status that is not documented",
    _fuzz,
)
