"""The effective settings, as the environment and the file make them, with what is secret masked."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from dubbing_site.environment.shown import shown


class Command(BaseCommand):
    help = "Prints the effective settings, with secrets masked."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own name

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--changed", action="store_true", help="only those that are not at their default")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        for name, value, is_set in shown(settings.ENVIRONMENT):
            if is_set or not options["changed"]:
                self.stdout.write(f"{name}={value}")
