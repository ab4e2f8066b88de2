"""Presets of a user. Who may see what is decided by `accounts.access`."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.access import reachable
from accounts.models import User
from jobs.errors import NameTaken, TooManyKept
from jobs.models import Preset
from pipeline.settings import DubSettings

AT_MOST = 100  # of one user; all of them are offered for a new dub


def visible_presets(user: User | AnonymousUser) -> QuerySet[Preset]:
    return reachable(user, Preset.objects.all())


def get_preset(user: User | AnonymousUser, preset_id: UUID) -> Preset:
    """Raises Preset.DoesNotExist, also for somebody else's."""
    return visible_presets(user).get(id=preset_id)


def default_preset(user: User) -> Preset | None:
    return visible_presets(user).filter(is_default=True).first()


@transaction.atomic
def create_preset(owner: User, name: str, settings: DubSettings) -> Preset:
    """Raises NameTaken or TooManyKept."""
    preset = Preset(owner=owner, settings=settings.to_json())
    _name(preset, name)
    if Preset.objects.filter(owner=owner).count() >= AT_MOST:
        raise TooManyKept(_("You have %(count)s presets; delete one first.") % {"count": AT_MOST})
    preset.save(force_insert=True)
    return preset


@transaction.atomic
def change_preset(preset: Preset, *, name: str | None = None, settings: DubSettings | None = None) -> Preset:
    """What is None stays. Raises NameTaken."""
    if settings is not None:
        preset.settings = settings.to_json()
    if name is not None:
        _name(preset, name)
    preset.save(update_fields=["name", "settings"])
    return preset


@transaction.atomic
def make_default(preset: Preset) -> Preset:
    """New dubs start from this one and from no other."""
    clear_default(preset.owner)
    preset.is_default = True
    preset.save(update_fields=["is_default"])
    return preset


def clear_default(owner: User) -> None:
    visible_presets(owner).filter(is_default=True).update(is_default=False)


def _name(preset: Preset, name: str) -> None:
    """Two at once with one name: the lock on the owner lets the second see the first."""
    User.objects.select_for_update(no_key=True).get(pk=preset.owner_id)
    others = Preset.objects.filter(owner=preset.owner_id, name__iexact=name).exclude(id=preset.id)
    if others.exists():
        raise NameTaken(_("You have a preset of that name already; choose another name."))
    preset.name = name
