"""The administration: jobs with their shards, and buttons that go the same way as everybody's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.scopes import Role
from jobs import quotas
from jobs.models import Job, JobState, UserLimits
from tests.factories import make_job, make_user, verified_client

JOBS = "/admin/jobs/job/"


@pytest.fixture
def as_admin(db: None) -> Client:
    return verified_client(make_user("admin", role=Role.ADMIN))


def choose(client: Client, action: str, *jobs: Job) -> str:
    fields: dict[str, Any] = {"action": action, "_selected_action": [str(job.id) for job in jobs]}
    return client.post(JOBS, fields, follow=True).content.decode()


def test_a_job_is_shown_with_its_stages_and_shards(as_admin: Client, alice: User) -> None:
    job = make_job(alice, state=JobState.FAILED)
    job.shards.update(error_message="flite stopped", lease_owner="host:17")

    page = as_admin.get(f"{JOBS}{job.id}/change/").content.decode()

    assert "flite stopped" in page
    assert "host:17" in page
    assert "transcribe" in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("cancel", JobState.QUEUED, JobState.CANCELED),
        ("pause", JobState.QUEUED, JobState.PAUSED),
        ("resume", JobState.PAUSED, JobState.QUEUED),
        ("retry", JobState.FAILED, JobState.QUEUED),
        ("requeue", JobState.QUEUED, JobState.QUEUED),
    ],
)
def test_jobs_are_moved_through_the_facade(
    as_admin: Client, alice: User, action: str, before: JobState, after: JobState
) -> None:
    jobs = [make_job(alice, state=before) for _ in range(2)]

    page = choose(as_admin, action, *jobs)

    assert "Done for 2 jobs." in page
    assert set(Job.objects.values_list("state", flat=True)) == {after}


def test_what_cannot_be_done_is_said_of_each(as_admin: Client, alice: User) -> None:
    done, waiting = make_job(alice, state=JobState.DONE), make_job(alice)

    page = choose(as_admin, "cancel", done, waiting)

    assert "This job has ended already." in page
    assert "Done for 1 job." in page


def test_priority_and_pins_are_set(as_admin: Client, alice: User) -> None:
    job = make_job(alice)

    choose(as_admin, "let_go_first", job)
    choose(as_admin, "pin", job)

    job.refresh_from_db()
    assert (job.priority, job.shards.get().priority, job.pinned) == (10, 10, True)
    choose(as_admin, "line_up", job)
    choose(as_admin, "unpin", job)
    job.refresh_from_db()
    assert (job.priority, job.pinned) == (0, False)


def test_jobs_are_deleted_only_through_the_facade(as_admin: Client, alice: User) -> None:
    ended, pinned = make_job(alice, state=JobState.FAILED), make_job(alice, state=JobState.DONE, pinned=True)

    assert as_admin.post(f"{JOBS}{ended.id}/delete/", {"post": "yes"}).status_code == 403
    assert "This job is pinned" in choose(as_admin, "remove", ended, pinned)

    assert list(Job.objects.all()) == [pinned]


def test_an_editor_has_no_buttons(alice: User) -> None:
    as_alice, job = verified_client(alice), make_job(alice)

    assert as_alice.post(JOBS, {"action": "cancel", "_selected_action": [str(job.id)]}).status_code == 302

    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_a_users_limits_are_set(as_admin: Client, alice: User) -> None:
    fields = {"user": str(alice.pk), "max_running": "7", "max_waiting": "", "max_a_day": "0", "may_use_high": "true"}

    assert as_admin.post("/admin/jobs/userlimits/add/", fields).status_code == 302

    limits = quotas.limits_of(alice)
    assert (limits.running, limits.a_day, limits.may_use_high) == (7, None, True)
    assert as_admin.get("/admin/jobs/userlimits/").status_code == 200
    assert UserLimits.objects.get().max_waiting is None


@pytest.mark.parametrize("name", ["job", "project", "preset", "userlimits"])
def test_every_list_opens_and_searches(as_admin: Client, alice: User, name: str) -> None:
    make_job(alice)

    assert as_admin.get(f"/admin/jobs/{name}/", {"q": "alice"}).status_code == 200
