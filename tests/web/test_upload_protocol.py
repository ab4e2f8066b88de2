"""Our own protocol: begin, send chunks, ask where it stands, complete; who may, and what refusals say."""

from __future__ import annotations

import base64
import hashlib
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from accounts.models import User
from tests.factories import make_job, make_upload
from tests.web.sent_bytes import begun, kept_bytes
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
JSON = "application/json"
BYTES = "application/octet-stream"


def init(client: Client, **body: Any) -> Any:
    return client.post("/api/uploads/init", {"name": "film.mp4", "total_bytes": 1000} | body, content_type=JSON)


def send(client: Client, upload: str, offset: object, content: bytes, method: str = "put", **headers: str) -> Any:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    given = headers or {"Content-Digest": f"sha-256=:{digest}:"}
    address = f"/api/uploads/{upload}/chunk?offset={offset}"
    return getattr(client, method)(address, data=content, content_type=BYTES, headers=given)


def refused(answer: Any) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_film_is_sent_in_chunks_and_completed(as_alice: Client, tone_clip: Path) -> None:
    content = tone_clip.read_bytes()
    half = len(content) // 2
    begin = init(as_alice, total_bytes=len(content), type="video/mp4", last_modified_ms=1_700_000_000_000)
    assert begin.status_code == 201
    upload = begin.json()["id"]

    second = send(as_alice, upload, half, content[half:]).json()
    assert second["missing"] == [{"start": 0, "end": half}]
    assert (second["next_missing"], second["missing_count"]) == (0, 1)
    first = send(as_alice, upload, 0, content[:half], "post").json()
    assert (first["received_bytes"], first["total_bytes"], first["progress"]) == (len(content), len(content), 1.0)
    assert (first["missing"], first["next_missing"]) == ([], len(content))

    sha256 = hashlib.sha256(content).hexdigest()
    done = as_alice.post(f"/api/uploads/{upload}/complete", {"sha256": sha256.upper()}, content_type=JSON).json()

    assert (done["state"], done["sha256"], done["expires_at"]) == ("ready", sha256, None)
    assert done["media"]["video"]["width"] == 320
    assert (done["type"], done["last_modified_ms"]) == ("video/mp4", 1_700_000_000_000)
    assert kept_bytes(Upload.objects.get()) == content
    assert as_alice.post(f"/api/uploads/{upload}/complete", {}, content_type=JSON).json() == done


def test_the_first_hundred_gaps_are_shown_and_all_are_counted(as_alice: Client) -> None:
    upload = init(as_alice).json()["id"]
    received = [[start, start + 1] for start in range(1, 300, 2)]
    Upload.objects.update(received=received, received_bytes=len(received))

    answer = as_alice.get(f"/api/uploads/{upload}").json()

    assert len(answer["missing"]) == 100
    assert answer["missing_count"] == 151
    assert answer["received_bytes"] == 150


def test_a_checksum_is_needed_and_must_be_right(as_alice: Client) -> None:
    upload = init(as_alice).json()["id"]
    digits = hashlib.sha256(b"abc").hexdigest()

    assert send(as_alice, upload, 0, b"abc", **{"X-Chunk-SHA256": digits}).status_code == 200
    assert refused(send(as_alice, upload, 3, b"abd", **{"X-Chunk-SHA256": digits})) == (460, "upload.checksum")
    for wrong in ({"X-Chunk-SHA256": "abc"}, {"X-Chunk-SHA256": digits + "\n"}, {"Content-Digest": "md5=:AA==:"}):
        assert refused(send(as_alice, upload, 3, b"abc", **wrong)) == (400, "upload.invalid")
    assert refused(send(as_alice, upload, 3, b"abc", **{"X-Other": "1"})) == (400, "upload.invalid")

    assert as_alice.get(f"/api/uploads/{upload}").json()["received_bytes"] == 3


@pytest.mark.parametrize(
    ("offset", "content", "status", "code"),
    [
        ("", b"x", 400, "upload.invalid"),
        ("-1", b"x", 400, "upload.invalid"),
        ("1e3", b"x", 400, "upload.invalid"),
        ("NaN", b"x", 400, "upload.invalid"),
        ("9" * 30, b"x", 400, "upload.invalid"),
        ("٣", b"x", 400, "upload.invalid"),
        ("1000", b"x", 413, "upload.beyond_end"),
        ("999", b"xx", 413, "upload.beyond_end"),
        ("0", b"", 422, "upload.empty"),
    ],
)
def test_a_chunk_must_lie_within_the_file(
    as_alice: Client, offset: str, content: bytes, status: int, code: str
) -> None:
    upload = init(as_alice).json()["id"]

    assert refused(send(as_alice, upload, offset, content)) == (status, code)

    assert Upload.objects.get().received == []


@pytest.mark.parametrize(
    "body",
    [
        {"total_bytes": -1},
        {"total_bytes": "many"},
        {"total_bytes": 2**63},
        {"total_bytes": None},
        {"name": None},
        {"name": "x" * 100_001},
        {"sha256": "abc"},
        {"type": "x" * 101},
        {"last_modified_ms": -5},
    ],
    ids=str,
)
def test_what_is_announced_must_make_sense(as_alice: Client, body: dict[str, object]) -> None:
    status, _code = refused(init(as_alice, **body))

    assert status == 400
    assert not Upload.objects.exists()


def test_names_are_made_fit_to_be_shown(as_alice: Client) -> None:
    long = init(as_alice, name="/tmp/" + "n" * 10_000 + ".mp4").json()["name"]  # noqa: S108
    reversed_name = init(as_alice, name="film\u202e4pm.exe").json()["name"]

    assert (len(long), long[-5:]) == (255, "n.mp4")
    assert reversed_name == "film4pm.exe"
    assert init(as_alice, name="..").json()["name"] == ".."


def test_somebody_elses_upload_is_not_found_and_strangers_must_sign_in(as_bob: Client, alice: User) -> None:
    upload = begun(alice, 1000)
    chunk = "/chunk?offset=0"

    for method, place in [("get", ""), ("delete", ""), ("put", chunk), ("post", chunk), ("post", "/complete")]:
        address = f"/api/uploads/{upload.id}{place}"
        assert refused(getattr(as_bob, method)(address, content_type=JSON)) == (404, "not_found")
        assert refused(getattr(Client(), method)(address, content_type=JSON))[0] == 401
        nowhere = address.replace(str(upload.id), str(uuid.uuid4()))
        assert refused(getattr(as_bob, method)(nowhere, content_type=JSON)) == (404, "not_found")

    assert as_bob.get("/api/uploads").json()["results"] == []
    assert Upload.objects.get() == upload


def test_a_page_of_another_site_cannot_send(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    upload = begun(alice, 1000)

    assert refused(init(client))[0] == 403
    assert refused(send(client, str(upload.id), 0, b"abc", "post"))[0] == 403
    assert refused(send(client, str(upload.id), 0, b"abc"))[0] == 403

    client.cookies["csrftoken"] = "c" * 32
    digits = hashlib.sha256(b"abc").hexdigest()
    token = {"X-CSRFToken": "c" * 32, "X-Chunk-SHA256": digits}
    assert send(client, str(upload.id), 0, b"abc", "post", **token).status_code == 200


def test_unfinished_uploads_are_listed_without_what_has_expired(as_alice: Client, alice: User) -> None:
    ready, expired, receiving = make_upload(alice), begun(alice, 9), begun(alice, 9)
    part = begun(alice, 9, is_partial=True)
    Upload.objects.filter(id=expired.id).update(expires_at="2020-01-01T00:00:00Z")

    def listed(query: str) -> set[str]:
        return {item["id"] for item in as_alice.get(f"/api/uploads{query}").json()["results"]}

    assert listed("?state=receiving") == {str(receiving.id), str(part.id)}
    assert listed("?state=ready") == {str(ready.id)}
    assert len(listed("")) == 3
    assert refused(as_alice.get("/api/uploads?state=lost"))[0] == 400
    assert refused(as_alice.get(f"/api/uploads/{expired.id}")) == (410, "upload.gone")
    assert refused(send(as_alice, str(expired.id), 0, b"abc")) == (410, "upload.gone")


def test_an_upload_is_taken_back_unless_dubs_were_made_of_it(as_alice: Client, alice: User) -> None:
    upload, used = begun(alice, 9), make_upload(alice)
    make_job(alice, used)

    assert as_alice.delete(f"/api/uploads/{upload.id}").status_code == 204
    assert refused(as_alice.get(f"/api/uploads/{upload.id}"))[0] == 404
    assert not upload.incoming_folder.exists()
    assert refused(as_alice.delete(f"/api/uploads/{used.id}")) == (409, "upload.in_use")


def test_what_has_not_arrived_cannot_be_dubbed(as_alice: Client, alice: User) -> None:
    order = {"upload": str(begun(alice, 9).id), "target_language": "es"}

    assert refused(as_alice.post("/api/jobs", order, content_type=JSON)) == (409, "upload.not_ready")


def test_a_user_at_the_limit_is_told_what_to_do(as_alice: Client, settings: LazySettings) -> None:
    settings.MAX_UNFINISHED_UPLOADS_PER_USER = 1
    init(as_alice)

    answer = init(as_alice)

    assert refused(answer) == (429, "upload.too_many")
    assert "discard" in answer.json()["detail"]


def test_log_lines_say_who_and_which_upload(as_alice: Client, alice: User) -> None:
    upload = init(as_alice, total_bytes=3).json()["id"]

    with capture_logs(processors=[merge_contextvars]) as lines:
        send(as_alice, upload, 0, b"abc")
        as_alice.post(f"/api/uploads/{upload}/complete", {}, content_type=JSON)

    [refusal] = [line for line in lines if line["event"] == "upload_refused"]
    assert refusal["code"] == "input.not_media"
    finished = [line for line in lines if line["event"] == "request_finished"]
    for line in (refusal, *finished):
        assert (line["upload_id"], line["user_id"]) == (upload, str(alice.id))
        assert line["request_id"]
    assert not Upload.objects.exists()
