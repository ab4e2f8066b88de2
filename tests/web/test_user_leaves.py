"""An administrator deletes a user: jobs, dubs, uploads and files go along, and work on them stops."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from accounts.audit.recording import Action
from accounts.models import AuditEntry, User
from accounts.scopes import Role
from jobs import claims, dispatch
from jobs.models import Job, JobState, Project, Shard
from jobs.workspaces import job_folder
from library.models import Dub
from pipeline.settings import DubSettings
from tests.factories import make_dub, make_job, make_upload, make_user, verified_client
from tests.web.conftest import wait_until
from tests.web.test_work_on_jobs import in_background, started
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
CHOSEN = "/admin/accounts/user/"


@pytest.fixture
def as_admin(db: None) -> Client:
    return verified_client(make_user("admin", role=Role.ADMIN))


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def with_belongings(owner: User, folder: Path) -> None:
    """Everything a user can own: jobs that wait and that ended, a pin, a dub, an unused upload, a project."""
    Project.objects.create(owner=owner, name=f"{owner.username}'s")
    waiting, ended = make_job(owner), make_job(owner, state=JobState.DONE, pinned=True)
    for job in (waiting, ended):
        job_folder(job.id).mkdir(parents=True)
        (job_folder(job.id) / "voice.flac").write_bytes(b"0")
    make_dub(owner, folder)
    make_upload(owner)


def test_everything_of_the_user_goes_and_nothing_of_others(
    as_admin: Client, alice: User, bob: User, tmp_path: Path, data_dir: Path
) -> None:
    with_belongings(bob, tmp_path)
    of_bob = sorted(files_below(data_dir))
    with_belongings(alice, tmp_path)

    page = as_admin.get(f"{CHOSEN}{alice.pk}/delete/").content.decode()
    answer = as_admin.post(f"{CHOSEN}{alice.pk}/delete/", {"post": "yes"})

    assert "3 jobs" in page
    assert "2 of them have not ended and are stopped" in page
    assert "1 dub with its files" in page
    assert answer.status_code == 302
    assert not User.objects.filter(pk=alice.pk).exists()
    assert {row.owner for model in (Job, Shard, Dub, Upload, Project) for row in model.objects.all()} == {bob}
    assert sorted(files_below(data_dir)) == of_bob
    assert AuditEntry.objects.get(action=Action.ACCOUNT_REMOVED).details == {"name": "alice"}


def test_several_are_deleted_at_once(as_admin: Client, alice: User, bob: User, tmp_path: Path) -> None:
    for user in (alice, bob):
        with_belongings(user, tmp_path)
    chosen = {"action": "delete_selected", "_selected_action": [str(alice.pk), str(bob.pk)], "post": "yes"}

    page = as_admin.post(CHOSEN, chosen, follow=True).content.decode()

    assert "Successfully deleted 2 users" in page
    assert not Job.objects.exists()
    assert not Upload.objects.exists()


def test_work_on_their_jobs_stops(as_admin: Client, alice: User, data_dir: Path) -> None:
    make_job(alice)
    claim = claims.claim_next("test:1", now=timezone.now())
    assert claim is not None
    with in_background(claim, "hang") as worker:
        wait_until(lambda: started(claim), "the job is worked on")

        as_admin.post(f"{CHOSEN}{alice.pk}/delete/", {"post": "yes"})

        wait_until(lambda: not worker.is_alive(), "the worker has stopped")
    assert not Job.objects.exists()
    assert files_below(data_dir / "media") == []
    assert files_below(data_dir / "work") == []


def test_nothing_goes_when_the_database_refuses(
    alice: User, tmp_path: Path, data_dir: Path, as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_belongings(alice, tmp_path)
    before = sorted(files_below(data_dir))

    def refuse(self: User) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr(User, "delete", refuse)

    with pytest.raises(RuntimeError):
        as_admin.post(f"{CHOSEN}{alice.pk}/delete/", {"post": "yes"})

    assert sorted(files_below(data_dir)) == before
    assert Job.objects.count() == 3


def test_moderators_delete_nobody(alice: User) -> None:
    as_moderator = verified_client(make_user("mo", role=Role.MODERATOR))

    assert as_moderator.post(f"{CHOSEN}{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=alice.pk).exists()


def test_a_job_asked_for_by_somebody_who_just_left_is_refused(as_admin: Client, alice: User) -> None:
    upload = make_upload(alice)
    as_admin.post(f"{CHOSEN}{alice.pk}/delete/", {"post": "yes"})

    with pytest.raises((User.DoesNotExist, Upload.DoesNotExist)):
        dispatch.submit(alice, upload, DubSettings(target_language="es"))

    assert not Job.objects.exists()
