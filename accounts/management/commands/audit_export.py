"""Writes the audit trail as JSON lines, to keep it where whoever rules this database cannot reach it."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.audit import trail
from accounts.audit.recording import Action, record


def moment(text: str) -> datetime:
    """2026-11-01 or 2026-11-01T12:00; without a zone it is the site's."""
    day = parse_date(text) if len(text) == len("2026-11-01") else None
    at = datetime(day.year, day.month, day.day) if day else parse_datetime(text)
    if at is None:
        raise ArgumentTypeError(f"{text!r} is no date; write it like 2026-11-01 or 2026-11-01T12:00")
    return timezone.make_aware(at) if timezone.is_naive(at) else at


class Command(BaseCommand):
    help = "Write the audit trail to standard output, one JSON object a line, oldest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=moment, help="only entries from then on, such as 2026-11-01")
        parser.add_argument("--until", type=moment, help="only entries before then")

    def handle(self, **options: Any) -> None:
        record(Action.AUDIT_EXPORTED, actor=None, since=options["since"], until=options["until"])
        for lines in trail.json_lines(trail.entries(since=options["since"], until=options["until"])):
            self.stdout.write(lines, ending="")
