"""Files go with their row, also when it goes with its owner."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from uploads.models import Upload
from uploads.services.removing import remove_files


@receiver(post_delete, sender=Upload)
def remove_its_files(instance: Upload, **_about: Any) -> None:
    transaction.on_commit(partial(remove_files, instance.id))
