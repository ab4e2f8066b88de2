"""The audit trail: who did what, to what, from where."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.audit.actions import Action, Outcome


def action_choices() -> list[tuple[str, str | Promise]]:
    """A function, so that a new action needs no migration."""
    return [(action.value, action.label) for action in Action]


class AuditEntry(models.Model):
    """Written once by `accounts.audit.record`; the database itself refuses to change or remove it.

    It points at nothing by foreign key: what it tells stays when the person or the thing is gone.
    """

    at = models.DateTimeField(_("when"), default=timezone.now)
    action = models.CharField(_("what"), max_length=40, choices=action_choices)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome)
    actor_id = models.UUIDField(_("who (id)"), null=True)
    actor_name = models.CharField(_("who"), max_length=150, blank=True)
    key_id = models.CharField(_("API key"), max_length=40, blank=True)
    object_type = models.CharField(_("kind of thing"), max_length=64, blank=True)
    object_id = models.CharField(_("thing"), max_length=64, blank=True)
    address = models.CharField(_("from where"), max_length=45, blank=True)
    user_agent = models.CharField(_("with what"), max_length=255, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    details = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["actor_id", "-id"], name="audit_actor"),
            models.Index(fields=["object_id", "-id"], name="audit_object"),
            models.Index(fields=["address", "-id"], name="audit_address"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} ({self.at:%Y-%m-%d %H:%M:%S})"
