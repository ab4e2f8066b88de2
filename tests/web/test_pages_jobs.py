"""Home and the page of a job, as the server renders them."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from jobs.models import EventKind, Job, JobState
from jobs.services import NewEvent, record, transition
from library.models import Dub
from pipeline.progress import StageName
from tests import factories


def page_of(client: Client, job: Job) -> str:
    return client.get(reverse("jobs:detail", args=[job.id])).content.decode()


def running_job(owner: User) -> Job:
    job = factories.make_job(owner, state=JobState.RUNNING)
    events = [
        NewEvent(EventKind.STAGE_STARTED, stage="extract"),
        NewEvent(EventKind.LOG, stage="extract", message="found <two> voices"),
        NewEvent(EventKind.STAGE_FINISHED, stage="extract", data={"duration_s": 2.25, "reused": False}),
        NewEvent(EventKind.STAGE_STARTED, stage="transcribe"),
        NewEvent(EventKind.STAGE_PROGRESS, stage="transcribe", data={"fraction": 0.5}),
    ]
    record(factories.claim_of(job), events)
    job.refresh_from_db()
    return job


def test_a_new_owner_is_led_to_the_first_dub(as_alice: Client) -> None:
    page = as_alice.get(reverse("jobs:home")).content.decode()

    assert "Nothing dubbed yet" in page
    assert f'href="{reverse("jobs:new")}"' in page
    assert "hx-get" not in page


def test_home_asks_again_only_for_its_moving_part(as_alice: Client, alice: User) -> None:
    job = running_job(alice)

    page = as_alice.get(reverse("jobs:home")).content.decode()
    part = as_alice.get(reverse("jobs:home"), headers={"HX-Request": "true"}).content.decode()

    assert 'hx-trigger="every' in page
    assert "<html" not in part
    for text in (page, part):
        assert job.name in text
        assert "Write down what is said" in text


def test_home_shows_what_failed_with_its_reason(as_alice: Client, alice: User) -> None:
    factories.make_job(alice, state=JobState.FAILED, error_code="engine.failed", error_message="flite stopped")

    page = as_alice.get(reverse("jobs:home")).content.decode()

    assert "Did not finish" in page
    assert "flite stopped" in page


def test_home_divides_many_dubs_into_pages(as_alice: Client, alice: User) -> None:
    Dub.objects.bulk_create(
        Dub(owner=alice, job_id=uuid4(), title=f"talk {number}.mp4", target_language="es") for number in range(25)
    )

    page = as_alice.get(reverse("jobs:home")).content.decode()
    older = as_alice.get(reverse("jobs:home"), {"page": 2}).content.decode()

    assert "talk 24.mp4" in page
    assert "talk 0.mp4" not in page
    assert "talk 0.mp4" in older


def test_a_running_job_shows_its_stages_progress_and_log(as_alice: Client, alice: User) -> None:
    job = running_job(alice)

    page = page_of(as_alice, job)

    assert f'data-after="{job.last_seq}"' in page
    assert page.count('data-stage="') == len(StageName)
    assert "2.2 s" in page or "2.3 s" in page
    assert "50 %" in page
    assert "found &lt;two&gt; voices" in page
    assert reverse("jobs:cancel", args=[job.id]) in page


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("engine.failed", "engines left on Automatic"),
        ("input.no_speech", "the right audio track"),
        ("storage.disk_full", "no room"),
        ("jobs.stalled", "Start it again"),
        ("", "Start it again"),
    ],
)
def test_a_failed_job_says_what_went_wrong_and_what_to_do(
    as_alice: Client, alice: User, code: str, advice: str
) -> None:
    job = factories.make_job(alice, state=JobState.RUNNING)
    transition(job.id, JobState.FAILED, error=(code, "It stopped at line 9."))

    page = page_of(as_alice, job)

    assert "It stopped at line 9." in page
    assert advice in page
    assert reverse("jobs:new") in page


def test_a_finished_job_leads_to_its_dub(as_alice: Client, alice: User, tmp_path: Path) -> None:
    dub = factories.make_dub(alice, tmp_path)
    Job.objects.filter(id=dub.job_id).update(state=JobState.DONE)

    page = page_of(as_alice, Job.objects.get(id=dub.job_id))

    assert reverse("library:dub", args=[dub.id]) in page
    assert "Watch it" in page


def test_canceling_stops_a_waiting_job_at_once(as_alice: Client, alice: User) -> None:
    job = factories.make_job(alice)

    page = as_alice.post(reverse("jobs:cancel", args=[job.id]), follow=True).content.decode()

    job.refresh_from_db()
    assert job.state == JobState.CANCELED
    assert "You stopped this dub." in page


def test_canceling_what_has_ended_says_so(as_alice: Client, alice: User) -> None:
    job = factories.make_job(alice, state=JobState.FAILED)

    page = as_alice.post(reverse("jobs:cancel", args=[job.id]), follow=True).content.decode()

    assert "This job has ended already." in page


def test_a_job_is_not_canceled_by_opening_a_link(as_alice: Client, alice: User) -> None:
    job = factories.make_job(alice)

    assert as_alice.get(reverse("jobs:cancel", args=[job.id])).status_code == 405
