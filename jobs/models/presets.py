"""Presets: settings of a dub under a name."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from pipeline.settings import DubSettings


class Preset(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="presets")
    name = models.CharField(_("name"), max_length=100)
    settings = models.JSONField()  # pipeline.settings.DubSettings.to_json()
    is_default = models.BooleanField(default=False)  # what a new dub starts from
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint("owner", Lower("name"), name="jobs_preset_name_once"),
            models.UniqueConstraint(
                fields=["owner"], condition=models.Q(is_default=True), name="jobs_preset_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def dub_settings(self) -> DubSettings:
        return DubSettings.from_json(self.settings)
