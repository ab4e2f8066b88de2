"""The supervisor removes what is too old a minute after its start and once an hour from then, beside its other work."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.utils import timezone

from accounts import preferences
from accounts.models import User
from jobs.management.commands import supervise
from jobs.models import JobState
from jobs.workspaces import job_folder
from tests.factories import make_job
from tests.web.conftest import child_environment, wait_until
from uploads.models import Upload
from uploads.services import Announced, begin

HOUR_S = 3600.0


class Clock:
    """Time that passes only while the supervisor waits; it is told to stop at the end."""

    def __init__(self, end_s: float) -> None:
        self.now_s = 0.0
        self._end_s = end_s

    def monotonic(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> bool:
        self.now_s += seconds
        return self.now_s >= self._end_s


class Pruning:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.started_s: list[float] = []
        self.has_ended = False

    def start(self) -> None:
        self.started_s.append(self._clock.now_s)

    def end(self) -> None:
        self.has_ended = True


def supervised(end_s: float, monkeypatch: pytest.MonkeyPatch) -> tuple[Pruning, list[float]]:
    """What it did until `end_s`: the prunings, and when it looked after the queue."""
    clock, looks = Clock(end_s), []
    pruning = Pruning(clock)
    monkeypatch.setattr(supervise, "time", clock)
    monkeypatch.setattr(supervise, "StopRequest", lambda: clock)
    monkeypatch.setattr(supervise, "Pruning", lambda *_options: pruning)
    monkeypatch.setattr(supervise, "keep_moving", lambda: looks.append(clock.now_s))
    supervise.Command().handle()
    return pruning, looks


@pytest.mark.django_db(transaction=True)
def test_it_prunes_a_minute_after_its_start_and_then_every_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    pruning, looks = supervised(2 * HOUR_S + 100, monkeypatch)

    assert pruning.started_s == [60, 60 + HOUR_S, 60 + 2 * HOUR_S]
    assert len(looks) == 2 * HOUR_S + 100
    assert pruning.has_ended


@pytest.mark.django_db(transaction=True)
def test_one_that_is_stopped_within_its_first_minute_prunes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pruning, looks = supervised(59, monkeypatch)

    assert pruning.started_s == []
    assert looks[0] == 0
    assert pruning.has_ended


def children() -> set[psutil.Process]:
    """Of this process, whose other tests may keep a database server."""
    return set(psutil.Process().children())


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_pruning_is_a_process_of_its_own_and_there_is_one_at_a_time(
    alice: User, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in child_environment(data_dir).items():
        monkeypatch.setenv(name, value)
    upload = begin(alice, Announced(name="talk.mp4", size_bytes=100), now=timezone.now() - timedelta(days=3))
    pruning = supervise.Pruning()
    before = children()

    pruning.start()
    first = children() - before
    pruning.start()

    assert len(first) == 1
    assert children() - before == first
    wait_until(lambda: not upload.incoming_folder.exists(), "what has expired is removed")
    assert not Upload.objects.exists()
    pruning.end()
    assert not first & children()


@pytest.mark.django_db(transaction=True)
def test_what_a_private_user_leaves_and_cannot_go_is_tried_ever_less_often(
    alice: User, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preferences.change(alice, {"is_private": True})
    job_folder(make_job(alice, state=JobState.DONE).id).mkdir(parents=True)

    pruning, _looks = supervised(59, monkeypatch)

    assert pruning.started_s == [0, 5, 15, 35]
