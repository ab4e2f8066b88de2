"""One-time links with which people make their account."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from accounts.models.users import User
from accounts.scopes import Role


class Invite(models.Model):
    """Of the link only a hash is kept. `note` reminds its maker whom it is for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.EDITOR)
    email = models.EmailField(blank=True)
    note = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="invites_made")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.note or self.email or f"invite of {self.created_at:%Y-%m-%d}"
