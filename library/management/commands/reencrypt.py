"""Seals what lies in clear and moves sealed files to the current key; may be ended at any time and run again."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat

from accounts.audit.recording import Action, record
from library import reencryption, tampering
from library.reencryption import Kept, Step
from pipeline.errors import DubbingError, FileDamaged, FileInUse
from pipeline.vault import known
from pipeline.vault.keys import KeyRing
from uploads import storage

REPORT_EVERY = 100


class Command(BaseCommand):
    help = "Seal files that lie in clear and bring sealed ones to the first of ENCRYPTION_KEYS; safe to end and repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
        parser.add_argument("--unseal", action="store_true", help="put everything in clear instead")

    def handle(self, *, dry_run: bool, unseal: bool, **options: Any) -> None:
        ring = storage.key_ring()
        if ring is None:
            raise CommandError("no encryption keys are set; see ENCRYPTION_KEYS in docs/settings.md")
        target = None if unseal else ring
        if dry_run:
            counts = self._counted(lambda kept: reencryption.step_for(kept, target))
            self.stdout.write(f"{_summed_up(counts)} (no file was changed)")
        else:
            try:
                with reencryption.alone(Path(settings.DATA_DIR)):
                    counts = self._carried_out(target)
            except FileInUse as error:
                raise CommandError(str(error)) from error
        if counts[Step.FAILED]:
            raise CommandError("some files were left as they are; solve what is said above and run this again")

    def _carried_out(self, target: KeyRing | None) -> Counter[Step]:
        if target is None:
            reencryption.forget_what_was_sealed()
        counts = self._counted(lambda kept: reencryption.carry_out(kept, target))
        self.stdout.write(_summed_up(counts))
        done = {step.name.lower(): count for step, count in counts.items()}
        record(Action.REENCRYPTED, actor=None, current=target.current.id if target else "", files=done)
        if not counts[Step.FAILED]:
            self._finish(target)
        return counts

    def _counted(self, act: Callable[[Kept], Step]) -> Counter[Step]:
        counts: Counter[Step] = Counter()
        for number, kept in enumerate(reencryption.kept_files(), 1):
            counts[self._told(kept, act)] += 1
            if number % REPORT_EVERY == 0:
                self.stdout.write(f"{number} files …")
        return counts

    def _told(self, kept: Kept, act: Callable[[Kept], Step]) -> Step:
        try:
            step = act(kept)
        except DubbingError as error:
            if isinstance(error, FileDamaged):
                tampering.note(kept.row)
            self.stderr.write(f"{kept.stored.path}: {error}")
            return Step.FAILED
        if step is not Step.NONE:
            self.stdout.write(f"{step}: {kept.stored.object_id} ({filesizeformat(kept.size_bytes)})")
        return step

    def _finish(self, target: KeyRing | None) -> None:
        """Older keys may be taken away now."""
        known.note_only_current(Path(settings.DATA_DIR), target)
        if target is None:
            self.stdout.write("Everything lies in clear; take the keys away before the site is started again.")
        else:
            self.stdout.write(f"Every file opens with the key {target.current.id!r}; no other key is needed any more.")


def _summed_up(counts: Counter[Step]) -> str:
    return "; ".join(f"{step}: {count}" for step, count in counts.items()) or "there are no files"
