"""An upload that somebody else holds is told as such (423), and stock clients come back."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.uploading.chunks import Chunks
from tests.uploading.media import noise
from tests.uploading.site import UploadSite

SIZE_BYTES = 20_000


@contextmanager
def held(site: UploadSite, path: str) -> Iterator[None]:
    """As another process that does not let go."""
    with (site.media / "incoming" / path.rsplit("/", 1)[-1] / "source").open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


def test_nobody_writes_while_another_process_holds_the_upload(upload_site: UploadSite) -> None:
    tus, content = upload_site.tus(), noise(SIZE_BYTES)
    path = tus.create(SIZE_BYTES)
    chunks, upload_id = Chunks.of(tus), path.rsplit("/", 1)[-1]

    asked = (lambda: tus.patch(path, 0, content), lambda: tus.delete(path), lambda: chunks.complete(upload_id))
    with held(upload_site, path), ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(lambda ask: ask(), asked))

    assert [(answer.status, answer.json["code"]) for answer in answers] == [(423, "upload.locked")] * 3
    assert all(int(answer.header("Retry-After") or "") > 0 for answer in answers)
    assert tus.offset(path) == 0
    assert tus.patch(path, 0, content).status == 204
