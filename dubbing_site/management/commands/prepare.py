"""Brings the database up to date: tables, cache, secrets, the first administrator. Safe to run at any time."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Create or update the database; make the first administrator when the settings name one."

    def handle(self, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        call_command("createcachetable", verbosity=options["verbosity"])
        call_command("reseal", verbosity=options["verbosity"])
        call_command("clearsessions")
        call_command("first_admin")
