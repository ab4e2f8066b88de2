"""Uploads of somebody else do not exist, and nobody uploads without signing in: on every verb of both protocols."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.uploading.answers import Answer
from tests.uploading.chunks import Chunks
from tests.uploading.media import noise
from tests.uploading.site import CREATION_PATH, UploadSite
from tests.uploading.tus import BYTES, VERSION, Tus

SIZE_BYTES = 20_000
JSON = {"Content-Type": "application/json"}
Ask = Callable[[Tus, str], Answer]


def chunked(act: Callable[[Chunks, str], Answer]) -> Ask:
    return lambda tus, upload_id: act(Chunks.of(tus), upload_id)


ON_AN_UPLOAD: dict[str, Ask] = {
    "HEAD": lambda tus, upload_id: tus.head(CREATION_PATH + upload_id),
    "PATCH": lambda tus, upload_id: tus.patch(CREATION_PATH + upload_id, 0, b"x"),
    "DELETE": lambda tus, upload_id: tus.delete(CREATION_PATH + upload_id),
    "POST as PATCH": lambda tus, upload_id: tus.ask(
        "POST",
        CREATION_PATH + upload_id,
        {**VERSION, **BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"},
        b"x",
    ),
    "status": chunked(lambda chunks, upload_id: chunks.status(upload_id)),
    "chunk": chunked(lambda chunks, upload_id: chunks.put(upload_id, 0, b"x")),
    "large chunk": chunked(lambda chunks, upload_id: chunks.put(upload_id, 0, bytes(3_000_000))),
    "chunk by POST": chunked(
        lambda chunks, upload_id: chunks.ask("POST", f"/api/uploads/{upload_id}/chunk?offset=0", {}, b"x")
    ),
    "complete": chunked(lambda chunks, upload_id: chunks.complete(upload_id)),
    "delete": chunked(lambda chunks, upload_id: chunks.delete(upload_id)),
    "pull": chunked(lambda chunks, upload_id: chunks.ask("POST", f"/api/uploads/{upload_id}/pull")),
}
ON_NONE: dict[str, Ask] = {
    "POST": lambda tus, _: tus.post({"Upload-Length": "100"}),
    "POST with bytes": lambda tus, _: tus.post({"Upload-Length": "100", **BYTES}, b"x"),
    "POST with many bytes": lambda tus, _: tus.post({"Upload-Length": "3000000", **BYTES}, bytes(3_000_000)),
    "init": chunked(lambda chunks, _: chunks.init(name="a.wav", total_bytes=100)),
    "list": chunked(lambda chunks, _: chunks.ask("GET", "/api/uploads")),
    "import": chunked(
        lambda chunks, _: chunks.ask("POST", "/api/uploads/import", {"Content-Type": "application/json"}, b"{}")
    ),
    "imports": chunked(lambda chunks, _: chunks.ask("GET", "/api/imports")),
}


@pytest.fixture(scope="module")
def alices(upload_site: UploadSite) -> dict[str, str]:
    """Her uploads by what they are."""
    tus = upload_site.tus()
    paths = {
        "unfinished": tus.create(SIZE_BYTES),
        "finished": tus.uploaded(noise(SIZE_BYTES)),
        "part": tus.uploaded(b"a part", {"Upload-Concat": "partial"}),
    }
    return {name: path.rsplit("/", 1)[-1] for name, path in paths.items()}


@pytest.mark.parametrize("which", ["unfinished", "finished", "part"])
@pytest.mark.parametrize("ask", ON_AN_UPLOAD.values(), ids=ON_AN_UPLOAD)
def test_somebody_elses_upload_does_not_exist(
    upload_site: UploadSite, alices: dict[str, str], which: str, ask: Ask
) -> None:
    before = upload_site.rows()

    answer = ask(upload_site.tus("bob"), alices[which])
    unknown = ask(upload_site.tus("bob"), "00000000-0000-4000-8000-000000000000")

    assert answer.status == 404, str(answer)
    assert answer.body == unknown.body
    assert upload_site.rows() == before


def test_somebody_elses_parts_are_not_joined(upload_site: UploadSite, alices: dict[str, str]) -> None:
    before = upload_site.rows()

    answer = upload_site.tus("bob").post({"Upload-Concat": f"final;{CREATION_PATH}{alices['part']}"})

    assert answer.status in (400, 404), str(answer)
    assert upload_site.rows() == before


@pytest.mark.parametrize("ask", [*ON_AN_UPLOAD.values(), *ON_NONE.values()], ids=[*ON_AN_UPLOAD, *ON_NONE])
def test_nobody_uploads_without_signing_in(upload_site: UploadSite, alices: dict[str, str], ask: Ask) -> None:
    before = upload_site.rows()

    answer = ask(Tus(upload_site.address, CREATION_PATH), alices["unfinished"])

    assert answer.status == 401, str(answer)
    assert upload_site.rows() == before


@pytest.mark.parametrize(
    "ask",
    [ask for name, ask in {**ON_AN_UPLOAD, **ON_NONE}.items() if name not in ("HEAD", "status", "list", "imports")],
)
def test_another_site_cannot_upload_for_somebody(upload_site: UploadSite, alices: dict[str, str], ask: Ask) -> None:
    """Her cookies alone, as a forged form sends them, are not enough."""
    before = upload_site.rows()
    cookies = {"Cookie": upload_site.headers("alice")["Cookie"]}

    answer = ask(Tus(upload_site.address, CREATION_PATH, cookies), alices["unfinished"])

    assert answer.status == 403, str(answer)
    assert upload_site.rows() == before
