"""The buttons of a job's page, the list of jobs, presets and projects, as the server renders them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.scopes import Role
from jobs import drain, presets
from jobs.models import Job, JobState, Preset, Project, QueueClass, StageState
from jobs.transport.presence import Presence
from pipeline.settings import DubSettings, Formality, Mode
from tests.factories import make_job, make_user
from tests.web.test_pages_new_dub import answers
from uploads.models import Upload

SPANISH = DubSettings(target_language="es", mode=Mode.LOW, formality=Formality.FORMAL)


def press(client: Client, action: str, job: Job, **fields: str) -> str:
    """The page after the button."""
    return client.post(reverse(f"jobs:{action}", args=[job.id]), fields, follow=True).content.decode()


def page_of(client: Client, job: Job) -> str:
    return client.get(reverse("jobs:detail", args=[job.id])).content.decode()


def test_a_job_is_paused_and_goes_on(as_alice: Client, alice: User) -> None:
    job = make_job(alice)

    paused = press(as_alice, "pause", job)
    resumed = press(as_alice, "resume", job)

    assert 'data-state="paused"' in paused
    assert reverse("jobs:resume", args=[job.id]) in paused
    assert 'data-state="queued"' in resumed


def test_a_failed_job_is_tried_again(as_alice: Client, alice: User) -> None:
    job = make_job(alice, state=JobState.FAILED)

    assert reverse("jobs:retry", args=[job.id]) in page_of(as_alice, job)
    page = press(as_alice, "retry", job)

    assert 'data-state="queued"' in page
    assert "It is in the queue again." in page


def test_a_done_job_begins_again_from_the_chosen_stage(as_alice: Client, alice: User) -> None:
    job = make_job(alice, state=JobState.DONE)
    job.stages.update(state=StageState.DONE)

    press(as_alice, "retry", job, from_stage="export")

    assert [stage.name for stage in job.stages.filter(state=StageState.WAITING)] == ["export"]


def test_what_cannot_be_done_is_said(as_alice: Client, alice: User) -> None:
    done, waiting = make_job(alice, state=JobState.DONE), make_job(alice)
    done.stages.update(state=StageState.DONE)

    assert "Only a job that waits or runs can be paused." in press(as_alice, "pause", done)
    assert "This job has not ended yet." in press(as_alice, "retry", waiting)
    assert "There is no such stage" in press(as_alice, "retry", done, from_stage="polish")


def test_a_job_is_deleted_and_its_owner_led_home(as_alice: Client, alice: User) -> None:
    job = make_job(alice, state=JobState.FAILED)
    assert "Delete the job" in page_of(as_alice, job)

    response = as_alice.post(reverse("jobs:delete", args=[job.id]))

    assert response.headers["Location"] == reverse("jobs:home")
    assert not Job.objects.exists()


def test_a_job_kept_for_good_cannot_be_deleted_until_it_is_not(as_alice: Client, alice: User) -> None:
    job = make_job(alice, state=JobState.DONE)

    kept = press(as_alice, "pin", job)

    assert "Kept for good" in kept
    assert "Delete the job" not in kept
    assert "Delete the job" in press(as_alice, "unpin", job)


def test_a_job_is_filed(as_alice: Client, alice: User) -> None:
    project = Project.objects.create(owner=alice, name="Cosmos", series="Cosmos")
    job = make_job(alice)

    page = press(as_alice, "refile", job, project=str(project.id), series="", season="2", episode="7")
    refused = press(as_alice, "refile", job, season="two")

    job.refresh_from_db()
    assert (job.project, job.series, job.season, job.episode) == (project, "Cosmos", 2, 7)
    assert "Cosmos · S2 E7" in page
    assert "whole numbers" in refused


@pytest.mark.parametrize("action", ["pause", "resume", "retry", "delete", "pin", "unpin", "refile"])
def test_a_strangers_buttons_lead_nowhere(as_bob: Client, alice: User, action: str) -> None:
    job = make_job(alice, state=JobState.FAILED)

    assert as_bob.post(reverse(f"jobs:{action}", args=[job.id])).status_code == 404
    assert as_bob.get(reverse(f"jobs:{action}", args=[job.id])).status_code == 405


def test_the_page_of_a_waiting_job_says_why(as_alice: Client, alice: User, bob: User) -> None:
    Presence(QueueClass, slots=1).sign(busy=1, now=timezone.now())
    make_job(bob)
    job = make_job(alice)

    assert "1 dub before this one" in page_of(as_alice, job)


def test_home_shows_the_first_of_many_and_leads_to_the_rest(
    as_alice: Client, alice: User, settings: LazySettings
) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 0
    upload = make_job(alice).upload
    for _number in range(22):
        make_job(alice, upload)
    running = make_job(alice, upload, state=JobState.RUNNING)

    page = as_alice.get(reverse("jobs:home")).content.decode()

    assert re.findall(r'id="job-([0-9a-f-]+)"', page)[0] == str(running.id)
    assert page.count('id="job-') == 20
    assert "4 more" in page


def test_the_list_shows_one_state_or_project(as_alice: Client, alice: User) -> None:
    project = Project.objects.create(owner=alice, name="Cosmos")
    inside, outside = make_job(alice, project=project), make_job(alice, state=JobState.FAILED)

    def shown(**wanted: str) -> set[str]:
        page = as_alice.get(reverse("jobs:list"), wanted).content.decode()
        return set(re.findall(r'id="job-([0-9a-f-]+)"', page))

    assert shown() == shown(state="lost") == {str(inside.id), str(outside.id)}
    assert shown(project=str(project.id)) == {str(inside.id)}
    assert shown(state="failed") == {str(outside.id)}
    assert shown(state="done") == set()


def test_the_list_comes_in_pages(as_alice: Client, alice: User) -> None:
    upload = make_job(alice, state=JobState.DONE).upload
    jobs = [Job(owner=alice, upload=upload, name=f"{n}.mp4", settings={}, state=JobState.DONE) for n in range(50)]
    Job.objects.bulk_create(jobs)

    first = as_alice.get(reverse("jobs:list"), {"state": "done"}).content.decode()

    assert first.count('id="job-') == 50
    assert "?state=done&amp;page=2" in first


def test_a_new_dub_starts_from_the_default_preset_or_the_one_asked_for(as_alice: Client, alice: User) -> None:
    presets.make_default(presets.create_preset(alice, "Catalan", DubSettings(target_language="ca")))
    quick = presets.create_preset(alice, "Quick", SPANISH)

    def chosen(**asked: Any) -> str:
        page = as_alice.get(reverse("jobs:new"), asked).content.decode()
        [language] = re.findall(r'<option value="([^"]*)" selected', page.partition("target_language")[2])[:1]
        return str(language)

    assert (chosen(), chosen(preset=str(quick.id)), chosen(preset="")) == ("ca", "es", "")


def test_settings_that_the_form_does_not_show_come_from_the_preset(
    as_alice: Client, alice: User, spoken_clip: Path
) -> None:
    quick = presets.create_preset(alice, "Quick", SPANISH)

    with spoken_clip.open("rb") as file:
        as_alice.post(reverse("jobs:new"), answers(file, preset=str(quick.id), mode="medium"))

    settings = Job.objects.get().settings
    assert (settings["mode"], settings["formality"]) == ("medium", "formal")


def test_the_settings_of_a_dub_are_kept_as_a_preset(as_alice: Client, alice: User, spoken_clip: Path) -> None:
    project = Project.objects.create(owner=alice, name="Cosmos", series="Cosmos")

    with spoken_clip.open("rb") as file:
        fields = {"save_as": "Mine", "mode": "low", "project": str(project.id), "episode": "3"}
        as_alice.post(reverse("jobs:new"), answers(file, **fields))

    assert Preset.objects.get(name="Mine").dub_settings.mode == Mode.LOW
    job = Job.objects.get()
    assert (job.project, job.series, job.episode) == (project, "Cosmos", 3)


def test_a_preset_name_that_is_taken_is_said_before_the_upload_is_kept(
    as_alice: Client, alice: User, spoken_clip: Path
) -> None:
    presets.create_preset(alice, "Mine", SPANISH)

    with spoken_clip.open("rb") as file:
        response = as_alice.post(reverse("jobs:new"), answers(file, save_as="mine"))

    assert response.status_code == 422
    assert "save_as" in response.context["form"].errors


def test_the_mode_for_administrators_is_offered_to_them_only(as_alice: Client, db: None) -> None:
    as_admin = Client()
    as_admin.force_login(make_user("admin", role=Role.ADMIN))

    assert 'value="high"' not in as_alice.get(reverse("jobs:new")).content.decode()
    assert 'value="high"' in as_admin.get(reverse("jobs:new")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_file_whose_dub_is_refused_is_not_kept(
    as_alice: Client, alice: User, spoken_clip: Path, settings: LazySettings
) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 1
    kept = make_job(alice).upload

    with spoken_clip.open("rb") as file:
        response = as_alice.post(reverse("jobs:new"), answers(file))

    assert response.status_code == 422
    assert list(Upload.objects.all()) == [kept]
    assert [folder.name for folder in kept.folder.parent.iterdir()] == [str(kept.id)]


def test_presets_are_listed_made_default_and_deleted(as_alice: Client, as_bob: Client, alice: User) -> None:
    quick = presets.create_preset(alice, "Quick", SPANISH)
    default = reverse("jobs:make_preset_default", args=[quick.id])

    assert as_bob.post(default).status_code == 404
    as_alice.post(default)
    assert presets.default_preset(alice) == quick
    as_alice.post(default)
    assert presets.default_preset(alice) is None
    assert "Quick" in as_alice.get(reverse("jobs:presets")).content.decode()
    assert as_bob.post(reverse("jobs:delete_preset", args=[quick.id])).status_code == 404
    as_alice.post(reverse("jobs:delete_preset", args=[quick.id]))
    assert not Preset.objects.exists()


def test_projects_are_made_changed_and_deleted(as_alice: Client, as_bob: Client, alice: User) -> None:
    as_alice.post(reverse("jobs:projects"), {"name": "Cosmos"})
    project = Project.objects.get()
    taken = as_alice.post(reverse("jobs:projects"), {"name": "cosmos"})
    address = reverse("jobs:project", args=[project.id])

    as_alice.post(address, {"name": "Cosmos", "series": "Cosmos, 1980"})

    assert (taken.status_code, "name already" in taken.content.decode()) == (422, True)
    assert "Cosmos, 1980" in as_alice.get(reverse("jobs:projects")).content.decode()
    assert as_bob.get(address).status_code == 404
    assert as_bob.post(reverse("jobs:delete_project", args=[project.id])).status_code == 404
    as_alice.post(reverse("jobs:delete_project", args=[project.id]))
    assert not Project.objects.exists()


def test_a_project_takes_only_ones_own_preset(as_bob: Client, alice: User) -> None:
    quick = presets.create_preset(alice, "Quick", SPANISH)

    response = as_bob.post(reverse("jobs:projects"), {"name": "Cosmos", "preset": str(quick.id)})

    assert (response.status_code, Project.objects.count()) == (422, 0)


def test_a_server_that_stops_says_so_on_every_button(as_alice: Client, alice: User) -> None:
    paused, failed = make_job(alice, state=JobState.PAUSED), make_job(alice, state=JobState.FAILED)
    drain.request()

    for action, job in (("resume", paused), ("retry", failed)):
        assert "The server is being restarted" in press(as_alice, action, job)


def test_a_full_queue_is_said_before_a_file_is_chosen(as_alice: Client, alice: User, settings: LazySettings) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 1
    assert "wait for one to start" not in as_alice.get(reverse("jobs:new")).content.decode()
    make_job(alice)

    assert "You may have 1 waiting and have 1" in as_alice.get(reverse("jobs:new")).content.decode()
