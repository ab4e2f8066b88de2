"""What administrators do for people who cannot get in, or should not be in."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.audit.audited_admin import administrator
from accounts.audit.recording import Action, record
from accounts.links import link
from accounts.models import User
from accounts.password_resets import reset_path
from accounts.sessions.store import end_all


@admin.action(description=gettext_lazy("Make a one-time link for a new password"), permissions=["change"])
def make_reset_link(model_admin: ModelAdmin, request: HttpRequest, users: QuerySet[User]) -> None:
    """Shown once, to be handed over: most servers of this kind send no mail."""
    for user in users.filter(is_active=True):
        text = _("New password for %(name)s, once, within a day: %(link)s") % {
            "name": user.get_username(),
            "link": link(request, reset_path(user, by=administrator(request))),
        }
        model_admin.message_user(request, text)


@admin.action(
    description=gettext_lazy("Remove the second factor (who lost it signs in with the password)"),
    permissions=["change"],
)
def remove_second_factor(model_admin: ModelAdmin, request: HttpRequest, users: QuerySet[User]) -> None:
    by = administrator(request)
    for user in users:
        with transaction.atomic():
            if Authenticator.objects.filter(user=user).delete()[0]:
                record(Action.FACTOR_REMOVED, actor=by, target=user, request=request)
            end_all(user)
    _tell(model_admin, request, len(users))


@admin.action(description=gettext_lazy("Sign out everywhere"), permissions=["change"])
def sign_out_everywhere(model_admin: ModelAdmin, request: HttpRequest, users: QuerySet[User]) -> None:
    by = administrator(request)
    for user in users:
        with transaction.atomic():
            record(Action.SESSIONS_ENDED, actor=by, target=user, request=request, sessions=end_all(user))
    _tell(model_admin, request, len(users))


def _tell(model_admin: ModelAdmin, request: HttpRequest, count: int) -> None:
    text = ngettext("Done for %(count)d user.", "Done for %(count)d users.", count) % {"count": count}
    model_admin.message_user(request, text, messages.SUCCESS)


ACTIONS = (make_reset_link, remove_second_factor, sign_out_everywhere)
