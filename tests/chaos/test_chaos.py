"""The table of faults, each row with a few repetitions: `make chaos` runs all of them."""

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


def test_a_site_that_is_told_to_stop_loses_nothing_and_says_when_to_come_again() -> None:
    assert_holds(4)


def test_poison_is_given_up_with_its_reason_and_harms_nobody_else() -> None:
    assert_holds(5)


def test_users_do_not_notice_what_happens_to_redis() -> None:
    assert_holds(6)


def test_a_job_whose_doorbell_was_never_rung_is_started() -> None:
    assert_holds(7)


def test_a_worker_that_slept_past_its_lease_writes_nothing_any_more() -> None:
    assert_holds(8)


def test_a_canceled_job_stops_wherever_it_is() -> None:
    assert_holds(9)


def test_a_flood_of_one_user_does_not_hold_up_another() -> None:
    assert_holds(10)


def test_many_processes_on_sqlite_never_meet_a_lock() -> None:
    assert_holds(11)
