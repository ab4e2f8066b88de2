"""The rows of the table of faults that nothing else in the suite tries, with few repetitions (all: `make chaos`)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos import template
from tests.chaos.row import Scale
from tests.chaos.table import run_row

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session", autouse=True)
def _prepared_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(template.PATH_VARIABLE, str(template.prepare(tmp_path_factory.mktemp("chaos"))))
        yield


def assert_holds(row: int) -> None:
    line = run_row(row, Scale.SHORT)

    assert line.holds, str(line)


def test_a_stage_whose_worker_is_killed_is_taken_over_in_time() -> None:
    assert_holds(1)


def test_every_job_ends_whatever_is_killed_meanwhile() -> None:
    assert_holds(2)


def test_a_site_heals_whichever_of_its_processes_is_killed() -> None:
    assert_holds(3)


def test_a_job_whose_doorbell_was_never_rung_is_started() -> None:
    assert_holds(7)


def test_a_worker_that_slept_past_its_lease_writes_nothing_any_more() -> None:
    assert_holds(8)
