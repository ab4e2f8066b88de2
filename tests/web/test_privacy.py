"""Of users who want it, the least is kept: their jobs' inputs and intermediates go as soon as those have ended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.utils import timezone

from accounts import preferences
from accounts.models import User
from dubbing_site.logs import hide_queries
from jobs import privacy, retention
from jobs.management.commands.supervise import Pruning
from jobs.models import Job, JobState
from jobs.workspaces import job_folder
from tests.factories import make_dub, make_job, make_upload
from tests.web.conftest import child_environment, wait_until
from uploads.models import Upload, UploadState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def private(alice: User) -> User:
    preferences.change(alice, {"is_private": True})
    return alice


def ended_job(owner: User, upload: Upload | None = None, *, state: JobState = JobState.DONE, hours: float = 0) -> Job:
    ended_at = timezone.now() - timedelta(hours=hours)
    job = make_job(owner, upload, state=state, finished_at=ended_at)
    (job_folder(job.id) / "workspace").mkdir(parents=True)
    (job_folder(job.id) / "workspace" / "voice.flac").write_bytes(b"0")
    return job


def is_kept(job: Job) -> tuple[bool, bool]:
    """The input and the intermediates."""
    upload = Upload.objects.get(id=job.upload_id)
    return upload.state == UploadState.READY and upload.source_path.exists(), job_folder(job.id).exists()


def tidy_up() -> None:
    now = timezone.now()
    retention.carry_out(privacy.leftovers(now=now), now=now)


@pytest.mark.parametrize("state", [JobState.DONE, JobState.CANCELED])
def test_inputs_and_intermediates_go_when_a_job_has_ended(private: User, state: JobState) -> None:
    job = ended_job(private, state=state)

    tidy_up()

    assert is_kept(job) == (False, False)
    assert Job.objects.filter(id=job.id).exists()


def test_the_dub_stays(private: User, tmp_path: Path) -> None:
    dub = make_dub(private, tmp_path)
    Job.objects.filter(id=dub.job_id).update(state=JobState.DONE, finished_at=timezone.now())

    tidy_up()

    assert dub.artifacts.get().path.read_bytes() == b"0123456789"


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.PAUSED, JobState.NEEDS_REVIEW])
def test_nothing_goes_while_a_job_has_not_ended(private: User, state: JobState) -> None:
    job = ended_job(private, state=state)

    tidy_up()

    assert is_kept(job) == (True, True)


def test_a_pinned_job_keeps_its_own(private: User) -> None:
    job = ended_job(private)
    Job.objects.filter(id=job.id).update(pinned=True)

    tidy_up()

    assert is_kept(job) == (True, True)


def test_an_input_that_another_job_still_needs_stays(private: User) -> None:
    upload = make_upload(private)
    done, going_on = ended_job(private, upload), ended_job(private, upload, state=JobState.QUEUED)

    tidy_up()

    assert is_kept(done) == (True, False)
    assert is_kept(going_on) == (True, True)


@pytest.mark.parametrize(("hours", "kept"), [(1, (True, True)), (25, (False, False))])
def test_a_failed_job_can_be_tried_again_for_a_day(private: User, hours: float, kept: tuple[bool, bool]) -> None:
    job = ended_job(private, state=JobState.FAILED, hours=hours)

    tidy_up()

    assert is_kept(job) == kept


def test_other_users_are_left_alone(private: User, bob: User) -> None:
    job = ended_job(bob)

    tidy_up()

    assert is_kept(job) == (True, True)


def test_the_operator_can_want_it_for_everybody(bob: User, settings: LazySettings) -> None:
    settings.PRIVACY_MODE = True
    job = ended_job(bob)

    tidy_up()

    assert is_kept(job) == (False, False)


def test_retention_itself_stays_as_it_was(private: User, capsys: pytest.CaptureFixture[str]) -> None:
    job = ended_job(private)

    call_command("prune", "--private")

    assert is_kept(job) == (False, False)
    assert "uploaded files: 1 removed" in capsys.readouterr().out


@pytest.mark.slow
def test_the_supervisors_process_does_it(private: User, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ended_job(private)
    for name, value in child_environment(data_dir).items():
        monkeypatch.setenv(name, value)
    pruning = Pruning("--private")

    pruning.start()

    try:
        wait_until(lambda: is_kept(job) == (False, False), "what is private has gone", within_s=120)
    finally:
        pruning.end()


def test_log_lines_of_a_private_server_carry_no_words_of_users() -> None:
    line = {"event": "request_started", "request": "GET /jobs/?q=my+holiday", "stderr": "holiday.mp4: broken"}

    shown = hide_queries(None, "info", line)

    assert "holiday" not in str(shown)
    assert shown["request"] == "GET /jobs/"
