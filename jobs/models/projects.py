"""Projects: dubs that belong together, such as the episodes of a series."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from jobs.models.presets import Preset


class Project(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(_("name"), max_length=100)
    series = models.CharField(_("series"), max_length=200, blank=True)  # of its jobs, where they name none
    preset = models.ForeignKey(Preset, on_delete=models.SET_NULL, null=True, blank=True, related_name="projects")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint("owner", Lower("name"), name="jobs_project_name_once")]

    def __str__(self) -> str:
        return self.name
