"""Pause, go on, retry and delete, as a program and as a person asks for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from jobs.models import Job, JobState, QueueClass, StageState
from jobs.transport import presence
from jobs.waiting import Waiting, waiting_of
from tests.factories import make_job
from uploads.models import UploadState

JSON = "application/json"


def end(job: Job, *, done_until: str = "export") -> None:
    """As if the stages up to this one were done."""
    last = job.stages.get(name=done_until).position
    job.stages.filter(position__lte=last).update(state=StageState.DONE, progress=1.0)


def test_a_waiting_job_is_paused_and_goes_on(as_alice: Client, alice: User) -> None:
    job = make_job(alice)

    paused = as_alice.post(f"/api/jobs/{job.id}/pause")
    resumed = as_alice.post(f"/api/jobs/{job.id}/resume")

    assert (paused.json()["state"], resumed.json()["state"]) == ("paused", "queued")


def test_a_failed_job_goes_on_with_what_is_undone(as_alice: Client, alice: User) -> None:
    job = make_job(alice, state=JobState.FAILED, error_code="engine.failed", error_message="flite stopped")
    end(job, done_until="transcribe")

    retried = as_alice.post(f"/api/jobs/{job.id}/retry").json()

    assert (retried["state"], retried["error_code"]) == ("queued", "")
    assert list(job.stages.filter(state=StageState.DONE).values_list("name", flat=True)) == ["extract", "transcribe"]


def test_a_done_job_is_made_again_from_a_stage(as_alice: Client, alice: User) -> None:
    job = make_job(alice, state=JobState.DONE)
    end(job)

    retried = as_alice.post(f"/api/jobs/{job.id}/retry", {"from_stage": "mix"}, content_type=JSON).json()

    assert retried["state"] == "queued"
    assert list(job.stages.filter(state=StageState.WAITING).values_list("name", flat=True)) == ["mix", "export"]


@pytest.mark.parametrize(
    ("state", "action", "body"),
    [
        (JobState.RUNNING, "retry", {}),
        (JobState.DONE, "pause", {}),
        (JobState.DONE, "resume", {}),
        (JobState.CANCELED, "resume", {}),
    ],
)
def test_what_makes_no_sense_is_409(
    as_alice: Client, alice: User, state: JobState, action: str, body: dict[str, Any]
) -> None:
    job = make_job(alice, state=state)

    answer = as_alice.post(f"/api/jobs/{job.id}/{action}", body, content_type=JSON)

    assert (answer.status_code, answer.json()["code"]) == (409, "jobs.state")
    assert answer.json()["detail"].endswith(".")


def test_an_unknown_stage_is_invalid(as_alice: Client, alice: User) -> None:
    job = make_job(alice, state=JobState.DONE)

    answer = as_alice.post(f"/api/jobs/{job.id}/retry", {"from_stage": "polish"}, content_type=JSON)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["from_stage"])


def test_a_job_whose_file_is_gone_cannot_be_retried(as_alice: Client, alice: User) -> None:
    job = make_job(alice, state=JobState.FAILED)
    job.upload.state = UploadState.REMOVED
    job.upload.save()

    answer = as_alice.post(f"/api/jobs/{job.id}/retry")

    assert (answer.status_code, answer.json()["code"]) == (410, "upload.removed")


def test_a_full_queue_takes_no_job_back(as_alice: Client, alice: User, settings: LazySettings) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 1
    stopped = [make_job(alice, state=state) for state in (JobState.PAUSED, JobState.FAILED)]
    make_job(alice)

    for job, action in zip(stopped, ("resume", "retry"), strict=True):
        assert as_alice.post(f"/api/jobs/{job.id}/{action}").status_code == 429


def test_a_deleted_job_is_gone_and_a_pinned_one_stays(as_alice: Client, alice: User) -> None:
    ended, pinned = make_job(alice, state=JobState.FAILED), make_job(alice, state=JobState.DONE, pinned=True)

    assert as_alice.delete(f"/api/jobs/{ended.id}").status_code == 204
    assert as_alice.delete(f"/api/jobs/{pinned.id}").status_code == 409
    assert list(Job.objects.all()) == [pinned]


def test_who_waits_is_told_how_many_are_before(as_alice: Client, alice: User, bob: User) -> None:
    make_job(bob), make_job(bob), make_job(bob)
    first, second = make_job(alice), make_job(alice)

    def before(job: Job) -> int:
        count: int = as_alice.get(f"/api/jobs/{job.id}").json()["waiting"]["before"]
        return count

    # Users take turns: bob's first; then alice's first; then bob's second before alice's second.
    assert (before(first), before(second)) == (1, 3)
    Job.objects.filter(id=second.id).update(priority=1)
    assert (before(first), before(second)) == (2, 0)


@pytest.mark.django_db
def test_the_reason_for_waiting_is_said(alice: User, settings: LazySettings) -> None:
    settings.MAX_RUNNING_JOBS_PER_USER = 2
    now = timezone.now()
    job = make_job(alice)
    unattended = waiting_of(job, now=now)
    presence.Presence(QueueClass, slots=1).sign(busy=0, now=now)
    assert unattended == Waiting(
        0, "Nothing works on dubs at the moment; ask whoever runs this server to start a worker"
    )
    assert waiting_of(job, now=now) == Waiting(0, "Starts as soon as there is room")

    running = [make_job(alice, state=JobState.RUNNING) for _ in range(2)]
    assert waiting_of(job, now=now) == Waiting(0, "You already have 2 running; this one starts when one of them ends")

    job.shards.update(not_before=now + timedelta(seconds=30))
    assert waiting_of(job, now=now) == Waiting(0, "Tries again in 30 seconds")
    assert waiting_of(running[0], now=now) is None
