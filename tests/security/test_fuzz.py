"""A little of `make fuzz`: always the same cases, so that a finding is the code's and not the day's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.security.attack.ground import Ground
from tests.security.fuzz import media, requests, texts
from tests.security.fuzz.effort import Effort, Found, Target

CASES = ((texts.TEXTS, 300), (media.MEDIA, 12))
REQUESTS = 200


@pytest.mark.slow
@pytest.mark.parametrize(("target", "cases"), CASES, ids=lambda value: getattr(value, "name", ""))
def test_strange_input_is_read_or_refused(target: Target, cases: int, tmp_path: Path) -> None:
    found = Found()

    target.run(Effort(seed=6, cases=cases), tmp_path, found)

    assert not found.wrong, "\n".join(found.wrong[:5])
    assert found.cases == cases


@pytest.mark.slow
def test_strange_requests_are_answered_as_documented(ground: Ground) -> None:
    found = Found()

    requests.send(ground, Effort(seed=6, cases=REQUESTS), found)

    assert not found.wrong, "\n".join(found.wrong[:5])
    assert found.cases >= REQUESTS
