"""Answers already given to requests that named an idempotency key."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models


class IdempotencyKey(models.Model):
    """Written in the transaction of what it answers for: the key exists exactly when its effects do."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_sha256 = models.CharField(max_length=64)  # of method, path and body
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)  # JSON as it was sent; a JSON column would sort its fields
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "key"], name="jobs_idempotency_key_once")]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="jobs_idempotency_age")]

    def __str__(self) -> str:
        return self.key
