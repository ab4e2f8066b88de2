"""Where somebody is signed in: a row a browser, which knows its key only as a hash."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone


class Session(AbstractBaseSession):
    """`session_key` is the SHA-256 of the cookie's value, `session_data` is sealed: a copy of it opens nothing."""

    session_key = models.CharField(max_length=64, primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey("accounts.User", models.CASCADE, null=True, blank=True, related_name="sessions")
    device = models.CharField(max_length=80, blank=True)
    address = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta(AbstractBaseSession.Meta):
        ordering: ClassVar = ["-last_seen_at"]

    def __str__(self) -> str:
        return self.device or str(self.public_id)

    @classmethod
    def get_session_store_class(cls) -> Any:
        from accounts.sessions.store import SessionStore  # local: the store needs this model

        return SessionStore
