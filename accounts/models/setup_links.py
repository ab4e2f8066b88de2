"""The one-time link that makes the first administrator."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models


class SetupLink(models.Model):
    """A link printed in the terminal that lets whoever holds it make the first administrator, once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"setup link of {self.created_at:%Y-%m-%d %H:%M}"
