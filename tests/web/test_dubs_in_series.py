"""A dub knows its series, season and episode: from its job, also when the job is filed elsewhere afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from jobs import filing
from jobs.filing import Changes
from jobs.models import Job, JobState
from jobs.orders import Filed
from library.models import Dub
from tests.factories import make_dub, make_job
from tests.web.test_work_on_jobs import work

SECOND = Filed(series="Our house", season=1, episode=2)


def place(dub: Dub) -> tuple[str, int | None, int | None]:
    dub.refresh_from_db()
    return dub.series, dub.season, dub.episode


@pytest.mark.django_db(transaction=True)
def test_a_finished_dub_stands_where_its_job_was_filed_meanwhile(alice: User) -> None:
    job = make_job(alice)
    filing.refile(job.id, SECOND, by=alice)

    work("good")

    assert Job.objects.get().state == JobState.DONE
    assert place(Dub.objects.get()) == ("Our house", 1, 2)


@pytest.mark.django_db
def test_a_dub_moves_with_its_job(alice: User, tmp_path: Path) -> None:
    dub, other = make_dub(alice, tmp_path), make_dub(alice, tmp_path)

    filing.refile(dub.job_id, SECOND, by=alice)
    filing.change(dub.job_id, Changes(episode=3, pinned=True), by=alice)

    assert place(dub) == ("Our house", 1, 3)
    assert place(other) == ("", None, None)


@pytest.mark.django_db
def test_dubs_are_listed_by_series(as_alice: Client, alice: User, tmp_path: Path) -> None:
    dubs = [make_dub(alice, tmp_path) for _ in range(3)]
    for number, dub in enumerate(dubs[:2], 1):
        filing.refile(dub.job_id, Filed(series="Our house", season=1, episode=number), by=alice)

    listed = as_alice.get("/api/dubs?series=our+HOUSE&episode=2").json()["results"]

    assert [(dub["id"], dub["series"], dub["season"], dub["episode"]) for dub in listed] == [
        (str(dubs[1].id), "Our house", 1, 2)
    ]
    assert len(as_alice.get("/api/dubs", {"series": "Our house"}).json()["results"]) == 2
