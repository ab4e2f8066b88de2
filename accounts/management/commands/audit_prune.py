"""Removes old entries of the audit trail, which nothing else can; export them first."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.audit import trail
from accounts.management.commands.audit_export import moment


class Command(BaseCommand):
    help = "Remove entries of the audit trail from before a day. That it was done is recorded. Export them first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--before", type=moment, required=True, help="the day, such as 2026-01-01")

    def handle(self, **options: Any) -> None:
        removed = trail.prune(options["before"], by=None)
        self.stdout.write(f"{removed} entries removed")
