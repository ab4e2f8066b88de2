"""What one user may ask for, where it differs from the server's settings, and what they asked for each day."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class UserLimits(models.Model):
    """An administrator's exception for one user. Read through `jobs.quotas`; empty means as the settings say."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="limits"
    )
    max_running = models.PositiveIntegerField(
        _("jobs running"), null=True, blank=True, help_text=_("Empty: as the server's settings say. 0: no limit.")
    )
    max_waiting = models.PositiveIntegerField(
        _("jobs waiting"), null=True, blank=True, help_text=_("Empty: as the server's settings say. 0: no limit.")
    )
    max_a_day = models.PositiveIntegerField(
        _("jobs a day"), null=True, blank=True, help_text=_("Empty: as the server's settings say. 0: no limit.")
    )
    may_use_high = models.BooleanField(
        _("may use the mode high"), null=True, blank=True, help_text=_("Unknown: only administrators may.")
    )

    class Meta:
        verbose_name = _("limits of a user")
        verbose_name_plural = _("limits of users")

    def __str__(self) -> str:
        return str(self.user)


class DayCount(models.Model):
    """How many jobs a user started on one day of the server's calendar; deleting jobs does not make room."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    jobs = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "day"], name="jobs_day_count_once")]

    def __str__(self) -> str:
        return f"{self.day}: {self.jobs}"
