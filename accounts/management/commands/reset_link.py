"""Prints a one-time link with which somebody sets a new password, for servers that send no mail."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.password_resets import reset_path


class Command(BaseCommand):
    help = "Print a one-time link that sets a user's password. Their second factor stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"there is no active account named {username!r}")
        hours = settings.PASSWORD_RESET_TIMEOUT // 3600
        self.stdout.write(f"New password (once, within {hours} hours): {settings.BASE_URL}{reset_path(user, by=None)}")
