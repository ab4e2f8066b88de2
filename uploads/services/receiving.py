"""Takes a whole file from a plain form, through the same store as every other upload."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from accounts.models import User
from uploads.models import Upload
from uploads.services.appending import append
from uploads.services.beginning import Announced, begin
from uploads.services.completing import complete
from uploads.services.removing import take_back

PIECE_BYTES = 1024 * 1024


def receive(owner: User, uploaded_file: UploadedFile) -> Upload:
    """Keeps `uploaded_file` and what ffprobe says of it, or nothing of it.

    Raises what `begin`, `append` and `complete` raise. What a hard stop leaves, `remove_expired` finds.
    """
    announced = Announced(name=uploaded_file.name or "", size_bytes=uploaded_file.size or 0)
    upload = begin(owner, announced, now=timezone.now())
    digest = hashlib.sha256()
    try:
        append(upload, 0, _hashed(uploaded_file, digest))
        return complete(upload.id, known_sha256=digest.hexdigest())
    except BaseException:
        take_back(upload.id)
        raise


def _hashed(uploaded_file: UploadedFile, digest: hashlib._Hash) -> Iterator[bytes]:
    for piece in uploaded_file.chunks(PIECE_BYTES):
        digest.update(piece)
        yield piece
