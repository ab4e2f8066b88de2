"""Run in a site's environment: alice's library gets a film twice, once in clear and once sealed. Prints their ids."""

from __future__ import annotations

import json
import shutil
import sys
import uuid
from pathlib import Path

import django


def main() -> None:
    django.setup()
    from django.conf import settings

    film, ring = Path(sys.argv[1]), settings.ENCRYPTION_KEY_RING
    settings.ENCRYPTION_KEY_RING = None
    plain = _published(film)
    settings.ENCRYPTION_KEY_RING = ring
    print(json.dumps({"plain": plain, "sealed": _published(film)}))


def _published(film: Path) -> str:
    from accounts.models import User
    from library.services import FinishedDub, Place, ReadyFile, publish

    copy = film.with_name("copy.mp4")
    shutil.copy(film, copy)
    finished = FinishedDub(
        owner=User.objects.get(username="alice"),
        job_id=uuid.uuid4(),
        title="film.mp4",
        source_language="en",
        target_language="es",
        duration_s=None,
        files={"mp4": ReadyFile(copy, "0" * 64)},
    )
    return str(publish(finished, in_same_transaction=Place).id)


if __name__ == "__main__":
    main()
