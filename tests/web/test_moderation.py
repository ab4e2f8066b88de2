"""Moderators look after everybody's dubs in the administration: what they may, and that every act is written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.audit.admin import AuditEntryAdmin
from accounts.audit.audited_admin import AuditedAdmin
from accounts.audit.recording import Action
from accounts.models import AuditEntry, User
from accounts.scopes import Role
from jobs.models import Job, JobState
from library.models import Dub
from library.services import FinishedDub, Place, publish
from tests.factories import make_dub, make_job, make_upload, make_user, verified_client
from uploads.models import Upload

DUBS = "/admin/library/dub/"
JOBS = "/admin/jobs/job/"


@pytest.fixture
def as_moderator(db: None) -> Client:
    return verified_client(make_user("mo", role=Role.MODERATOR))


@pytest.fixture
def as_admin(db: None) -> Client:
    return verified_client(make_user("admin", role=Role.ADMIN))


@pytest.fixture
def dub(alice: User, tmp_path: Path) -> Dub:
    return make_dub(alice, tmp_path)


def choose(client: Client, address: str, action: str, *things: Any, **fields: str) -> str:
    chosen = {"action": action, "_selected_action": [str(thing.pk) for thing in things], **fields}
    return client.post(address, chosen, follow=True).content.decode()


def told(action: Action) -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(action=action).values_list("actor_name", "object_id"))


def test_a_dub_is_taken_down_with_a_reason_and_put_back(as_moderator: Client, as_alice: Client, dub: Dub) -> None:
    file, page = reverse("library:file", args=[dub.id, "mp4"]), reverse("library:dub", args=[dub.id])

    said = choose(as_moderator, DUBS, "take_down", dub, reason="Somebody else's film.")

    assert "1 dub taken down." in said
    assert "Somebody else&#x27;s film." in as_alice.get(page).content.decode()
    assert file not in as_alice.get(page).content.decode()
    assert as_alice.get(file).status_code == 403
    refusal = as_alice.get(reverse("api:dub-file", args=[dub.id, "mp4"]))
    assert (refusal.status_code, refusal.json()["code"]) == (403, "library.taken_down")
    assert "Somebody else's film." in refusal.json()["detail"]
    assert as_alice.get(reverse("api:dub", args=[dub.id])).json()["taken_down_reason"] == "Somebody else's film."

    choose(as_moderator, DUBS, "put_back", dub)

    assert as_alice.get(file).status_code == 200
    assert told(Action.DUB_TAKEN_DOWN) == told(Action.DUB_PUT_BACK) == [("mo", str(dub.id))]


def test_nothing_is_taken_down_without_a_reason(as_moderator: Client, dub: Dub) -> None:
    assert "Write a reason" in choose(as_moderator, DUBS, "take_down", dub, reason="  ")

    dub.refresh_from_db()
    assert not dub.is_taken_down


def test_a_dub_made_again_stays_down(as_moderator: Client, alice: User, dub: Dub) -> None:
    choose(as_moderator, DUBS, "take_down", dub, reason="No.")

    again = publish(
        FinishedDub(alice, dub.job_id, dub.title, "en", "es", 6.0, files={}), in_same_transaction=lambda: Place()
    )

    assert (again.is_taken_down, again.taken_down_reason) == (True, "No.")


def test_moderators_act_on_jobs_and_it_is_recorded(as_moderator: Client, alice: User) -> None:
    job = make_job(alice)

    choose(as_moderator, JOBS, "cancel", job)

    job.refresh_from_db()
    assert job.state == JobState.CANCELED
    entry = AuditEntry.objects.get(action=Action.JOB_MODERATED)
    assert (entry.actor_name, entry.object_id) == ("mo", str(job.id))
    assert entry.details == {"act": "cancel", "owner": str(alice.pk)}


def test_an_act_that_is_refused_is_not_told_as_done(as_moderator: Client, alice: User) -> None:
    job = make_job(alice, state=JobState.DONE)

    choose(as_moderator, JOBS, "cancel", job)

    assert told(Action.JOB_MODERATED) == []


@pytest.mark.parametrize("path", ["jobs/job", "uploads/upload", "library/dub"])
def test_moderators_see_what_people_bring_and_make(as_moderator: Client, path: str) -> None:
    assert as_moderator.get(f"/admin/{path}/").status_code == 200


@pytest.mark.parametrize("path", ["accounts/user", "accounts/auditentry", "jobs/userlimits", "jobs/preset"])
def test_moderators_do_not_see_accounts_and_settings(as_moderator: Client, path: str) -> None:
    assert as_moderator.get(f"/admin/{path}/").status_code == 403


def test_moderators_delete_nothing(as_moderator: Client, alice: User, dub: Dub) -> None:
    upload = make_upload(alice)

    assert as_moderator.post(f"{DUBS}{dub.id}/delete/", {"post": "yes"}).status_code == 403
    assert as_moderator.post(f"/admin/uploads/upload/{upload.id}/delete/", {"post": "yes"}).status_code == 403


def test_a_moderator_reaches_nobodys_dub_outside_the_administration(as_moderator: Client, dub: Dub) -> None:
    assert as_moderator.get(reverse("library:dub", args=[dub.id])).status_code == 404
    assert as_moderator.get(reverse("api:dub-file", args=[dub.id, "mp4"])).status_code == 404


def test_what_administrators_delete_takes_its_files_along(
    as_admin: Client, alice: User, dub: Dub, django_capture_on_commit_callbacks: Any
) -> None:
    upload = make_upload(alice)

    with django_capture_on_commit_callbacks(execute=True):
        as_admin.post(f"{DUBS}{dub.id}/delete/", {"post": "yes"})
        choose(as_admin, "/admin/uploads/upload/", "delete_selected", upload, post="yes")

    assert not dub.folder.exists()
    assert not Upload.objects.filter(id=upload.id).exists()
    assert told(Action.OBJECT_REMOVED) == [("admin", str(upload.id)), ("admin", str(dub.id))]


def test_an_account_made_in_the_administration_is_recorded(as_admin: Client) -> None:
    password = {"usable_password": "true", "password1": "a better one, 17", "password2": "a better one, 17"}

    answer = as_admin.post("/admin/accounts/user/add/", {"username": "carol", "role": Role.VIEWER, **password})

    assert answer.status_code == 302
    carol = User.objects.get(username="carol")
    assert (carol.role, carol.is_staff) == (Role.VIEWER, False)
    assert told(Action.OBJECT_ADDED) == [("admin", str(carol.pk))]


def test_a_password_given_in_the_administration_is_recorded(as_admin: Client, alice: User) -> None:
    password = {"usable_password": "true", "password1": "a better one, 17", "password2": "a better one, 17"}

    answer = as_admin.post(f"/admin/accounts/user/{alice.pk}/password/", password)

    assert answer.status_code == 302
    assert told(Action.PASSWORD_CHANGED) == [("admin", str(alice.pk))]


def test_changing_a_role_is_recorded(as_admin: Client, alice: User) -> None:
    fields = {"username": "alice", "email": alice.email, "role": Role.MODERATOR, "is_active": "on"}

    answer = as_admin.post(f"/admin/accounts/user/{alice.pk}/change/", fields)

    assert answer.status_code == 302
    assert AuditEntry.objects.get(action=Action.ROLE_CHANGED).details == {"before": "editor", "after": "moderator"}
    alice.refresh_from_db()
    assert alice.is_staff


def test_the_history_of_a_thing_is_its_audit_trail(as_admin: Client, alice: User) -> None:
    job = make_job(alice)
    choose(as_admin, JOBS, "cancel", job)

    page = as_admin.get(f"{JOBS}{job.id}/history/", follow=True).content.decode()

    assert "Acted on a job" in page


def test_every_page_of_the_administration_writes_down_what_is_done() -> None:
    registered = [type(model_admin) for model_admin in admin.site._registry.values()]

    assert Job in admin.site._registry
    assert all(issubclass(each, AuditedAdmin | AuditEntryAdmin) for each in registered)
