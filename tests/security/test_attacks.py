"""Every attack of `make attack`, with few repetitions, on a real server."""

from __future__ import annotations

import pytest

from tests.security.attack.attack import Attack, Scale, line_of
from tests.security.attack.ground import Ground
from tests.security.attack.table import ATTACKS


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_it_is_refused(ground: Ground, attack: Attack) -> None:
    tried = attack.run(ground, Scale.SHORT)

    assert not tried.succeeded, line_of(attack, tried)
    assert tried.times
