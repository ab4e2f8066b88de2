"""Seals small secrets under the SECRET_KEY in use, so that the ones in SECRET_KEY_FALLBACKS can be dropped."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.sealing import CannotUnseal
from accounts.second_factor.codes import seal_all_again


class Command(BaseCommand):
    help = "Seal the secrets of second factors under SECRET_KEY, after it was changed."

    def handle(self, **options: Any) -> None:
        if not settings.SECRET_KEY_FALLBACKS:
            return
        try:
            count = seal_all_again()
        except CannotUnseal as error:
            raise CommandError(
                "a second factor was sealed under another key: add that key to SECRET_KEY_FALLBACKS"
            ) from error
        if options["verbosity"]:
            self.stdout.write(f"Sealed the secrets of {count} second factors under SECRET_KEY.")
