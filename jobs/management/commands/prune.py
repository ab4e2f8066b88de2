"""Removes what retention no longer keeps; supervise runs it every hour, and when a private user's job has ended."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from jobs import privacy, retention
from jobs.retention import Item, Kind
from jobs.sweeping import sweep


class Command(BaseCommand):
    help = "Remove what is older or takes more room than the RETAIN_… settings allow, and what private users leave."
    requires_system_checks = []  # noqa: RUF012 - they import the whole site, every hour

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
        parser.add_argument("--private", action="store_true", help="only what private users leave")

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        going = privacy.leftovers(now=now)
        if options["private"]:
            self._sum_up(retention.carry_out(going, now=now), "removed")
            return
        going += retention.plan(now=now)
        if options["dry_run"]:
            self._list(going)
            self._sum_up(going, "would go")
            return
        retention.tidy(now=now)
        self._sum_up(retention.carry_out(going, now=now), "removed")
        sweep(now=now)
        call_command("clearsessions")

    def _list(self, items: Sequence[Item]) -> None:
        for item in items:
            size = filesizeformat(item.size_bytes)
            self.stdout.write(f"{item.kind.value:13}  {item.at:%Y-%m-%d}  {size:>10}  {item.id}  {item.name}")

    def _sum_up(self, items: Sequence[Item], what: str) -> None:
        for kind in Kind:
            sizes = [item.size_bytes for item in items if item.kind == kind]
            self.stdout.write(f"{kind.label}: {len(sizes)} {what}, {filesizeformat(sum(sizes))}")
