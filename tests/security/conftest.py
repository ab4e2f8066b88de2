"""One attacked site for all of these tests: making it takes longer than most of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.security.attack.ground import Ground, prepared


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with prepared(tmp_path_factory.mktemp("attacked"), processes=1) as ground:
        yield ground
