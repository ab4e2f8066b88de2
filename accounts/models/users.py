"""The people who have an account here."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.scopes import STAFF_ROLES, Role


class User(AbstractUser):
    """What somebody may do is their role; Django's own flags follow it, and the database holds them to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.EDITOR)

    class Meta(AbstractUser.Meta):
        ordering: ClassVar = ["username"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_username_unique",
                violation_error_message=_("Somebody else already uses this name."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=~models.Q(email=""),
                name="user_email_unique",
                violation_error_message=_("Somebody else already uses this email address."),
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=[Role.VIEWER, Role.EDITOR], is_staff=False, is_superuser=False)
                | models.Q(role=Role.MODERATOR, is_staff=True, is_superuser=False)
                | models.Q(role=Role.ADMIN, is_staff=True, is_superuser=True),
                name="user_flags_follow_role",
            ),
        ]

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()  # as allauth writes addresses, and looks them up
        self._be_nobody_else()
        self._let_flags_follow()

    def _be_nobody_else(self) -> None:
        """People sign in with either: a name that is somebody's address would keep one of the two out."""
        others = User.objects.exclude(pk=self.pk)
        if self.email and others.filter(username__iexact=self.email).exists():
            raise ValidationError({"email": _("Somebody else already uses this email address.")})
        if self.username and others.filter(email__iexact=self.username).exists():
            raise ValidationError({"username": _("Somebody else already uses this name.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password ends every session: Django and allauth begin a fresh one for whoever changed it."""
        self._let_flags_follow()
        fields = kwargs.get("update_fields")
        if fields is not None and "role" in fields:
            kwargs["update_fields"] = {*fields, "is_staff", "is_superuser"}
        has_new_password = self._password is not None  # type: ignore[attr-defined]
        with transaction.atomic():
            super().save(*args, **kwargs)
            if has_new_password:
                self.sessions.all().delete()

    def _let_flags_follow(self) -> None:
        """Commands and libraries that know no roles make superusers: a new one is an administrator."""
        if self._state.adding and self.is_superuser:
            self.role = Role.ADMIN
        self.is_superuser = self.role == Role.ADMIN
        self.is_staff = self.role in STAFF_ROLES
