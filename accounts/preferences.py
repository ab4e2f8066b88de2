"""A user's own settings: read wherever something must be assumed, changed in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest

from accounts.audit.recording import Action, record
from accounts.models import Preferences, User


def preferences_of(user: User) -> Preferences:
    """Theirs, or the usual ones; read from the database once a request."""
    try:
        return user.preferences
    except Preferences.DoesNotExist:
        return Preferences(user=user)  # remembered by `user`


@transaction.atomic
def change(user: User, changes: Mapping[str, Any]) -> Preferences:
    """What is left out stays. Raises ValidationError."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # of two changes at once, neither is lost
    preferences = Preferences.objects.filter(user=user).first() or Preferences(user=user)
    was_private = preferences.is_private
    for name, value in changes.items():
        setattr(preferences, name, value)
    preferences.full_clean(exclude=["user"])
    preferences.save()
    if preferences.is_private != was_private:
        record(Action.PRIVACY_CHANGED, actor=user, target=user, is_private=preferences.is_private)
    user.preferences = preferences
    return preferences


def dub_defaults(user: User) -> dict[str, str]:
    """Fields of a new dub's form that the user has a wish for."""
    wanted = preferences_of(user)
    values = {
        "source_language": wanted.source_language,
        "target_language": wanted.target_language,
        "mode": wanted.mode,
        "voice": wanted.voices.get(wanted.target_language, ""),
    }
    return {name: value for name, value in values.items() if value}


def is_private(owner_id: UUID) -> bool:
    """Whether the least is kept of what this user does: by their own wish, or the operator's for all."""
    return bool(settings.PRIVACY_MODE) or Preferences.objects.filter(user_id=owner_id, is_private=True).exists()


def page_context(request: HttpRequest) -> dict[str, str]:
    """For every template: the theme that was chosen for the account; a device's own choice goes before it."""
    user: User | AnonymousUser | None = getattr(request, "user", None)
    theme = preferences_of(user).theme if isinstance(user, User) else ""
    return {"preferred_theme": "" if theme == "auto" else theme}
