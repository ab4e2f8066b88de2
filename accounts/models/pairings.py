"""Signing in a phone by a code that a signed-in computer shows."""

from __future__ import annotations

import uuid
from typing import ClassVar

from allauth.mfa.models import Authenticator
from django.db import models

from accounts.models.users import User


class Pairing(models.Model):
    """One code. Hashes bind it to the session that shows it and to the one browser that scanned it first."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="pairings")
    desk_hash = models.CharField(max_length=64, db_index=True)
    factor = models.ForeignKey(Authenticator, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    phone_hash = models.CharField(max_length=64, blank=True)
    phone_device = models.CharField(max_length=80, blank=True)
    phone_address = models.CharField(max_length=45, blank=True)
    accepted_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.phone_device or 'no phone yet'} ({self.created_at:%Y-%m-%d %H:%M})"
