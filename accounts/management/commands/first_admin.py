"""Makes the administrator whom ADMIN_USERNAME names, for servers that start without anybody at a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.services import make_first_admin


class Command(BaseCommand):
    help = "Make the first administrator from ADMIN_USERNAME, ADMIN_EMAIL and ADMIN_PASSWORD(_FILE)."

    def handle(self, **options: Any) -> None:
        if not settings.ADMIN_USERNAME:
            return
        username, email = settings.ADMIN_USERNAME, settings.ADMIN_EMAIL
        try:
            user = make_first_admin(username=username, email=email, password=_password())
        except ValidationError as error:
            raise CommandError(f"the first administrator cannot be made: {' '.join(error.messages)}") from error
        if user is not None:
            self.stdout.write(f"Made the administrator {user.get_username()}.")


def _password() -> str:
    """Files end with a line break that nobody types."""
    if not settings.ADMIN_PASSWORD_FILE:
        return str(settings.ADMIN_PASSWORD)
    try:
        return Path(settings.ADMIN_PASSWORD_FILE).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"ADMIN_PASSWORD_FILE cannot be read: {type(error).__name__}") from error
