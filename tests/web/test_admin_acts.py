"""Every act of the administration, tried by everybody: only who may, with a second factor shown, changes anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.test import Client, RequestFactory

from accounts.models import AuditEntry, Session, User
from accounts.scopes import Role
from jobs import presets, projects
from jobs.models import Job, JobState, Preset, Project, UserLimits
from library.models import Dub
from pipeline.settings import DubSettings
from tests.factories import enrol_totp, make_dub, make_job, make_upload, make_user, verified_client
from uploads.models import Upload

pytestmark = pytest.mark.django_db
ADMINS = frozenset({"admin"})
MODERATORS = ADMINS | {"moderator"}
NOBODY: frozenset[str] = frozenset()
# Of each list, its acts and who changes something by them.
ACTS = {
    "jobs/job": {
        "cancel": MODERATORS,
        "pause": MODERATORS,
        "resume": MODERATORS,
        "retry": MODERATORS,
        "requeue": MODERATORS,
        "let_go_first": ADMINS,
        "line_up": ADMINS,
        "pin": MODERATORS,
        "unpin": MODERATORS,
        "remove": MODERATORS,
    },
    "library/dub": {"take_down": MODERATORS, "put_back": MODERATORS, "delete_selected": ADMINS},
    "uploads/upload": {"delete_selected": ADMINS},
    "accounts/user": {
        "make_reset_link": ADMINS,
        "remove_second_factor": ADMINS,
        "sign_out_everywhere": ADMINS,
        "delete_selected": ADMINS,
    },
    "jobs/userlimits": {"delete_selected": ADMINS},
    "jobs/project": {"delete_selected": ADMINS},
    "jobs/preset": {"delete_selected": ADMINS},
}
BEFORE: dict[str, dict[str, Any]] = {  # what a job must be like
    "resume": {"state": JobState.PAUSED},
    "retry": {"state": JobState.FAILED},
    "remove": {"state": JobState.FAILED},
    "unpin": {"pinned": True},
}
PASSWORDS = {"usable_password": "true", "password1": "a better one, 17", "password2": "a better one, 17"}
FORMS: dict[str, tuple[frozenset[str], dict[str, Any]]] = {
    "accounts/user/{}/change/": (ADMINS, {"username": "alice", "email": "", "role": Role.ADMIN, "is_active": "on"}),
    "accounts/user/{}/password/": (ADMINS, PASSWORDS),
    "accounts/user/{}/delete/": (ADMINS, {"post": "yes"}),
    "accounts/user/add/": (ADMINS, {"username": "carol", "role": Role.ADMIN, **PASSWORDS}),
    "jobs/job/{}/delete/": (NOBODY, {"post": "yes"}),
    "jobs/project/{}/delete/": (ADMINS, {"post": "yes"}),
    "jobs/preset/{}/delete/": (ADMINS, {"post": "yes"}),
    "jobs/userlimits/{}/change/": (ADMINS, {"user": "{owner}", "max_running": "9", "may_use_high": "true"}),
    "library/dub/{}/delete/": (ADMINS, {"post": "yes"}),
    "uploads/upload/{}/delete/": (ADMINS, {"post": "yes"}),
}
KEPT: tuple[type[Model], ...] = (User, Authenticator, Job, Project, Preset, UserLimits, Dub, Upload, AuditEntry)


@dataclass(frozen=True, slots=True)
class Scene:
    """Alice's things by the lists they stand in, and those who try to change them."""

    things: dict[str, Any]
    actors: dict[str, Client]


@pytest.fixture
def scene(alice: User, as_alice: Client, bob: User, tmp_path: Path) -> Scene:
    enrol_totp(alice)
    things = {
        "jobs/job": make_job(alice).pk,
        "library/dub": make_dub(alice, tmp_path).pk,
        "uploads/upload": make_upload(alice).pk,
        "accounts/user": alice.pk,
        "jobs/userlimits": UserLimits.objects.create(user=alice).pk,
        "jobs/project": projects.save_project(Project(owner=alice, name="Cosmos")).pk,
        "jobs/preset": presets.create_preset(alice, "usual", DubSettings(target_language="es")).pk,
    }
    enrolled = make_user("enrolled", role=Role.ADMIN)
    enrol_totp(enrolled)
    actors = {
        "anonymous": Client(),
        "editor": verified_client(bob),
        "moderator without a factor": signed_in(make_user("mo", role=Role.MODERATOR)),
        "moderator": verified_client(make_user("mary", role=Role.MODERATOR)),
        "administrator without a factor": signed_in(make_user("ann", role=Role.ADMIN)),
        "administrator who has not shown theirs": signed_in(enrolled),
        "admin": verified_client(make_user("root", role=Role.ADMIN)),
    }
    return Scene(things, actors)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def rows() -> dict[str, list[Any]]:
    """All there is; of sessions which there are, because looking at a page is told in one's own."""
    kept: dict[str, list[Any]] = {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in KEPT
    }
    return kept | {"Session": sorted(Session.objects.values_list("pk", flat=True))}


def who_changes(scene: Scene, do: Callable[[Client], object]) -> set[str]:
    """Those by whose doing any row is different; it is undone before the next one tries."""
    before, changed = rows(), set()
    for name, client in scene.actors.items():
        with transaction.atomic():
            do(client)
            if rows() != before:
                changed.add(name)
            transaction.set_rollback(True)
    return changed


def test_every_act_is_tried() -> None:
    request = RequestFactory().get("/admin/")
    request.user = User(role=Role.ADMIN, is_staff=True, is_superuser=True)
    found = {
        f"{model._meta.app_label}/{model._meta.model_name}": set(shown.get_actions(request))
        for model, shown in admin.site._registry.items()
    }

    assert {name: acts for name, acts in found.items() if acts} == {name: set(acts) for name, acts in ACTS.items()}


@pytest.mark.parametrize(("where", "act"), [(where, act) for where, acts in ACTS.items() for act in acts])
def test_an_act_is_done_by_who_may(scene: Scene, where: str, act: str) -> None:
    if where == "jobs/job":
        Job.objects.filter(pk=scene.things[where]).update(**BEFORE.get(act, {}))
    if act == "put_back":
        Dub.objects.update(taken_down_at="2026-11-01T00:00:00Z", taken_down_reason="No.")
    chosen = {"action": act, "_selected_action": [str(scene.things[where])], "post": "yes", "reason": "No."}

    changed = who_changes(scene, lambda client: client.post(f"/admin/{where}/", chosen))

    assert changed == ACTS[where][act]


@pytest.mark.parametrize("address", FORMS)
def test_a_form_is_taken_from_who_may(scene: Scene, alice: User, address: str) -> None:
    allowed, fields = FORMS[address]
    where = "/".join(address.split("/")[:2])
    sent = {name: str(value).format(owner=alice.pk) for name, value in fields.items()}

    changed = who_changes(scene, lambda client: client.post(f"/admin/{address.format(scene.things[where])}", sent))

    assert changed == allowed
