"""Prints the one-time link that makes the first administrator; says nothing once there is one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from accounts.selectors import needs_first_admin
from accounts.services import SETUP_LINK_VALID, create_setup_link


class Command(BaseCommand):
    help = "Print a one-time link that makes the first administrator."

    def handle(self, **options: Any) -> None:
        if not needs_first_admin():
            return
        link = settings.BASE_URL + reverse("accounts:setup", args=[create_setup_link()])
        hours = int(SETUP_LINK_VALID.total_seconds() // 3600)
        self.stdout.write(f"Make your account (once, within {hours} hours): {link}")
