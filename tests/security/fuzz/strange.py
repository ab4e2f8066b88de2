"""Values that no schema tells of and no generator tries: put in the place of one that a request has."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any
from urllib.parse import quote

from schemathesis import Case

JSON = "application/json"
SHARE = 0.4  # of requests
TEXTS = (
    "\ud800",  # half a sign: JSON can say it, UTF-8 cannot
    "\0",
    "\r\nSet-Cookie: x=1",
    "1E+300000",  # a number to Decimal, with a third of a million digits
    "-1E+300000",
    "9" * 5_000,
    "9223372036854775808",
    "1" + "/1" * 500,
    "NaN",
    "Infinity",
    "cD14",  # base64 of p=x, as cursors of lists are
    "cj0xJnA9",
    "9999-12-31T23:59:59+14:00",
    "0000-00-00",
    "%0a",
    "%s{0}{{x}}",
    "../../../etc/passwd",
    "'; --",
    "(" * 5_000,
    "\u202e\u0000é" * 1_000,
    "x" * 100_000,
)
THINGS: tuple[Any, ...] = (None, True, -1, 0, 2**31, 2**63, -(2**63) - 1, 10**400, 1e308, [], {}, [[]] * 50, {"": ""})
# Must not be looked at one by one. In JSON alone: Django takes no more than a thousand fields of a form.
LONG: tuple[Any, ...] = ([0] * 40_000, {f"{number}": "x" for number in range(20_000)})
LONGEST_BYTES = 8_000  # Twisted, below the server, hangs up without a word on lines of more than 16,384
IN_ADDRESSES = tuple(text for text in TEXTS if len(quote(text, errors="replace")) <= LONGEST_BYTES)

Place = tuple[Any, Any]  # a dict or list, and the key or index of a value in it


def put_into(case: Case, random: Random) -> None:
    """Changes one parameter of the query or one value of the body, in `SHARE` of the cases that have any."""
    if random.random() >= SHARE:
        return
    case.body = deepcopy(case.body)  # other cases may be made of the same parts
    names = [each["name"] for each in case.operation.definition.raw.get("parameters", []) if each.get("in") == "query"]
    places = list(_places(case.body)) if isinstance(case.body, dict | list) else []
    if names and (not places or random.random() < 0.5):
        case.query = {**(case.query or {}), random.choice(names): random.choice(IN_ADDRESSES)}
    elif places:
        holder, key = random.choice(places)
        more = LONG if case.media_type == JSON else THINGS
        holder[key] = random.choice(random.choice((TEXTS, TEXTS, THINGS, more)))


def _places(value: dict[Any, Any] | list[Any]) -> Iterator[Place]:
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(part, dict | list):
            yield from _places(part)
