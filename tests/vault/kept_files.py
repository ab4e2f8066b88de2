"""Run in a site's environment: fills it with kept files in clear, then looks at all of them whenever it is told a key
ring, as the site would; each look is a line of JSON. What a file holds follows from what it is.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import django

from pipeline.vault import keys, reading

if TYPE_CHECKING:
    from library.reencryption import Kept

AT_MOST_BYTES = 90_000


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.db import connection

    made = _made(int(sys.argv[1]))
    print("made", flush=True)
    for line in sys.stdin:
        settings.ENCRYPTION_KEY_RING = ring = keys.parse(line.strip())
        assert ring is not None
        print(json.dumps(_looked_at(made, ring)), flush=True)
        connection.close()


def content_of(object_id: str) -> bytes:
    chance = random.Random(object_id)
    return chance.randbytes(chance.randrange(AT_MOST_BYTES))


def _made(count: int) -> set[str]:
    """Half of them uploads, half files of dubs."""
    import uuid

    from accounts.models import User
    from library.models import Artifact, Dub
    from uploads.models import KeptFile, Upload

    alice, kinds = User.objects.get(username="alice"), ("mp4", "audio", "summary")
    rows: list[KeptFile] = [Upload(owner=alice, name="talk.mp4", size_bytes=0) for _ in range(count // 2)]
    while len(rows) < count:
        dub = Dub.objects.create(owner=alice, job_id=uuid.uuid4(), title="talk", target_language="es")
        rows += [Artifact(dub=dub, kind=kind, file_name=kind, size_bytes=0) for kind in kinds]
    for row in rows:
        assert isinstance(row, Upload | Artifact)
        row.save()
        row.stored.path.parent.mkdir(parents=True, exist_ok=True)
        row.stored.path.write_bytes(content_of(row.stored.object_id))
    return {row.stored.object_id for row in rows if isinstance(row, Upload | Artifact)}


def _looked_at(made: Iterable[str], ring: keys.KeyRing) -> dict[str, object]:
    from library import reencryption

    kept = [each for each in reencryption.kept_files() if each.stored.object_id in set(made)]
    return {
        "files": len(kept),
        "unreadable": [told for each in kept if (told := _fault_of(each))],
        "current": sum(_is_current(each, ring) for each in kept),
        "remembered": sum(each.row.is_sealed for each in kept),
    }


def _fault_of(kept: Kept) -> str:
    """ "" for a file that holds what it should."""
    from pipeline.errors import DubbingError
    from uploads import storage

    try:
        with storage.opened(kept.stored) as file:
            is_right = file.read(0, file.size_bytes) == content_of(kept.stored.object_id)
    except (DubbingError, OSError) as error:
        return f"{kept.stored.object_id}: {error}"
    return "" if is_right else f"{kept.stored.object_id}: other bytes"


def _is_current(kept: Kept, ring: keys.KeyRing) -> bool:
    if not reading.is_sealed(kept.stored.path):
        return False
    return reading.header_of(kept.stored.path, kept.stored.object_id, ring).key_id == ring.current.id


if __name__ == "__main__":
    main()
