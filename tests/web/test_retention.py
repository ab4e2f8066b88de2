"""Room is made: the oldest first, past an age or over a size, and never what is pinned or still worked on."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from accounts.models import User
from jobs import dispatch, filing, quotas, retention
from jobs.models import DayCount, Job, JobState, Shard, ShardState
from jobs.retention import Item, Kind, Rule
from jobs.workspaces import job_folder, remove_stale
from library.models import Dub
from library.services import FinishedDub, Place, ReadyFile, publish
from pipeline.settings import DubSettings
from tests.factories import make_job, make_upload
from uploads.errors import UploadRemoved
from uploads.models import Upload, UploadState
from uploads.services import give_up, remove_orphans

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ITEMS = st.lists(
    st.builds(
        Item,
        kind=st.just(Kind.OUTPUTS),
        id=st.uuids(),
        name=st.just("talk.mp4"),
        at=st.integers(0, 100).map(lambda days: NOW - timedelta(days=days)),
        size_bytes=st.integers(0, 1000),
        is_protected=st.booleans(),
    ),
    max_size=20,
    unique_by=lambda item: item.id,
)
RULES = st.builds(
    Rule,
    age=st.none() | st.integers(1, 50).map(lambda days: timedelta(days=days)),
    size_bytes=st.none() | st.integers(0, 5000),
)


# A busy machine is no fault of the rule.
PATIENT = trials(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PATIENT
@given(ITEMS, RULES)
def test_the_oldest_go_until_what_is_left_is_young_and_fits(items: list[Item], rule: Rule) -> None:
    going = retention.due(items, rule, now=NOW)

    stays = [item for item in items if item not in going]
    free = [item for item in stays if not item.is_protected]
    assert not any(item.is_protected for item in going)
    if rule.age is not None:
        assert all(item.at >= NOW - rule.age for item in free)
    if rule.size_bytes is not None:
        assert not free or sum(item.size_bytes for item in stays) <= rule.size_bytes
    assert all(early.at <= late.at for early in going for late in free)


@PATIENT
@given(ITEMS)
def test_no_limit_removes_nothing(items: list[Item]) -> None:
    assert retention.due(items, Rule(None, None), now=NOW) == []


@pytest.fixture
def strict(settings: LazySettings) -> None:
    """Everything is kept ten days."""
    for kind in Kind:
        setattr(settings, f"RETAIN_{kind.upper()}_DAYS", 10)
        setattr(settings, f"RETAIN_{kind.upper()}_BYTES", 0)


def old_job(owner: User, folder: Path, state: JobState = JobState.DONE, **fields: Any) -> Job:
    """With upload, workspace and dub, that ended a month ago."""
    then = timezone.now() - timedelta(days=30)
    job = make_job(owner, state=state, finished_at=then, created_at=then, **fields)
    job_folder(job.id).mkdir(parents=True)
    (job_folder(job.id) / "original.flac").write_bytes(b"0" * 1000)
    job.shards.update(state=ShardState.DONE)
    file = folder / f"{uuid.uuid4()}.mp4"
    file.write_bytes(b"0123456789")
    ready = ReadyFile(file, hashlib.sha256(b"0123456789").hexdigest())
    finished = FinishedDub(owner, job.id, job.name, "en", "es", 6.0, {"mp4": ready})
    dub = publish(finished, in_same_transaction=Place)
    Dub.objects.filter(id=dub.id).update(created_at=then)
    Upload.objects.filter(id=job.upload_id).update(updated_at=then)
    return job


def prune() -> list[Kind]:
    now = timezone.now()
    return [item.kind for item in retention.carry_out(retention.plan(now=now), now=now)]


@pytest.mark.django_db(transaction=True)
def test_what_is_old_goes_with_its_files(alice: User, tmp_path: Path, strict: None) -> None:
    job = old_job(alice, tmp_path)
    dub = Dub.objects.get(job_id=job.id)

    assert set(prune()) == set(Kind)

    assert not job_folder(job.id).exists()
    assert not dub.folder.exists()
    assert not job.upload.folder.exists()
    assert Upload.objects.get(id=job.upload_id).state == UploadState.REMOVED
    assert not Job.objects.exists()
    assert prune() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "fields",
    [
        {"pinned": True},
        {"state": JobState.RUNNING},
        {"state": JobState.QUEUED},
        {"state": JobState.PAUSED},
        {"state": JobState.NEEDS_REVIEW},
    ],
    ids=str,
)
def test_what_is_pinned_or_unfinished_stays(alice: User, tmp_path: Path, strict: None, fields: dict[str, Any]) -> None:
    job = old_job(alice, tmp_path, **fields)

    assert prune() == []

    assert job_folder(job.id).exists()
    assert job.upload.source_path.exists()
    assert job.events.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "wanted_again",
    [
        lambda job: filing.pin(job.id, by=job.owner),
        lambda job: dispatch.retry(job, by=job.owner),
        lambda job: Shard.objects.filter(job=job).update(state=ShardState.RUNNING),
    ],
    ids=["pinned", "retried", "still left by its worker"],
)
def test_what_is_wanted_again_after_the_plan_stays(
    alice: User, tmp_path: Path, strict: None, wanted_again: Callable[[Job], object]
) -> None:
    job = old_job(alice, tmp_path)
    going = [item for item in retention.plan(now=timezone.now()) if item.kind != Kind.INPUTS]
    wanted_again(job)

    assert retention.carry_out(going, now=timezone.now()) == []


@pytest.mark.django_db(transaction=True)
def test_a_size_limit_takes_the_oldest(alice: User, tmp_path: Path, settings: LazySettings) -> None:
    settings.RETAIN_INTERMEDIATES_DAYS, settings.RETAIN_INTERMEDIATES_BYTES = 0, 2500
    settings.RETAIN_LOGS_DAYS = 0
    jobs = [old_job(alice, tmp_path) for _ in range(3)]
    Job.objects.filter(id=jobs[1].id).update(finished_at=timezone.now() - timedelta(days=40))

    assert prune() == [Kind.INTERMEDIATES]

    assert [job_folder(job.id).exists() for job in jobs] == [True, False, True]


@pytest.mark.django_db(transaction=True)
def test_the_log_goes_but_a_job_with_a_dub_stays(alice: User, tmp_path: Path, settings: LazySettings) -> None:
    settings.RETAIN_INTERMEDIATES_DAYS, settings.RETAIN_LOGS_DAYS = 0, 10
    job = old_job(alice, tmp_path)

    assert prune() == [Kind.LOGS]

    assert Job.objects.filter(id=job.id).exists()
    assert not job.events.exists()
    assert not job.shards.exists()
    assert prune() == []


@pytest.mark.django_db(transaction=True)
def test_whoever_follows_a_log_that_went_is_told_the_end(
    alice: User, as_alice: Client, tmp_path: Path, settings: LazySettings
) -> None:
    settings.RETAIN_INTERMEDIATES_DAYS, settings.RETAIN_LOGS_DAYS = 0, 10
    job = old_job(alice, tmp_path)
    prune()

    tail = as_alice.get(f"/api/jobs/{job.id}/logs/tail").json()

    assert (tail["events"], tail["is_final"]) == ([], True)


@pytest.mark.django_db
def test_files_that_vanish_while_they_are_measured_do_not_matter(
    alice: User, tmp_path: Path, strict: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = old_job(alice, tmp_path, JobState.RUNNING)
    (job_folder(job.id) / "partial").write_bytes(b"0" * 10)
    measure = os.lstat

    def vanishing(path: str) -> os.stat_result:
        if str(path).endswith("partial"):
            os.unlink(path)
        return measure(path)

    monkeypatch.setattr(os, "lstat", vanishing)

    assert [item.size_bytes for item in retention.KEPT[Kind.INTERMEDIATES](timezone.now())] == [1000]


@pytest.mark.django_db(transaction=True)
def test_an_upload_nobody_used_yet_has_a_day(alice: User, strict: None, settings: LazySettings) -> None:
    settings.RETAIN_INPUTS_BYTES = 1
    upload = make_upload(alice)
    assert prune() == []

    Upload.objects.update(updated_at=timezone.now() - timedelta(hours=25))

    assert prune() == [Kind.INPUTS]
    with pytest.raises(UploadRemoved):
        dispatch.submit(alice, upload, DubSettings(target_language="es"))


@pytest.mark.django_db(transaction=True)
def test_a_dry_run_tells_and_touches_nothing(alice: User, tmp_path: Path, strict: None) -> None:
    job = old_job(alice, tmp_path)
    told, done = StringIO(), StringIO()

    call_command("prune", "--dry-run", stdout=told)

    assert f"{job.id}  talk.mp4" in told.getvalue()
    assert "finished dubs: 1 would go, 10" in told.getvalue()
    assert job_folder(job.id).exists()
    call_command("prune", stdout=done)
    assert "finished dubs: 1 removed, 10" in done.getvalue()
    assert not job_folder(job.id).exists()


@pytest.mark.django_db
def test_used_up_counts_are_tidied(alice: User) -> None:
    quotas.admit(alice, [DubSettings(target_language="es")], now=timezone.now() - timedelta(days=9))
    quotas.admit(alice, [DubSettings(target_language="es")], now=timezone.now())

    assert retention.tidy(now=timezone.now()) == 1

    assert DayCount.objects.get().day == timezone.localdate()


@pytest.mark.django_db(transaction=True)
def test_files_that_nobody_knows_are_swept(alice: User) -> None:
    kept, lost, given_up = [make_upload(alice) for _ in range(3)]
    folders = [upload.folder for upload in (kept, lost, given_up)]
    Upload.objects.filter(id=given_up.id).update(state=UploadState.REMOVED)
    lost.delete()
    folders[1].mkdir()  # as if its process had been killed before it removed the files
    now = timezone.now()
    assert remove_orphans(now=now) == 0  # they could be an upload that is being kept at this moment
    for folder in folders:
        os.utime(folder, (time.time() - 90_000, time.time() - 90_000))

    assert remove_orphans(now=now) == 2

    assert [folder.exists() for folder in folders] == [True, False, False]


@pytest.mark.django_db
def test_a_workspace_left_half_removed_is_swept(alice: User, settings: LazySettings) -> None:
    job = make_job(alice, state=JobState.DONE)
    going = job_folder(job.id).with_name(f"{job.id}{retention.GOING}")
    going.mkdir()

    assert remove_stale() == 1

    assert not going.exists()


@pytest.mark.django_db(transaction=True)
def test_an_upload_is_given_up_only_when_that_is_committed(alice: User) -> None:
    upload = make_upload(alice)

    give_up(upload)

    assert not upload.folder.exists()
