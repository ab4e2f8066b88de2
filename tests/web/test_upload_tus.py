"""tus at /files/, where its own rules leave it open: who may, what a HEAD mends, what of the metadata is understood."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from pipeline.errors import ToolTimeout
from tests.web.sent_bytes import begun, in_pieces
from uploads.models import Upload, UploadState
from uploads.services import append, completing
from uploads.writers import exclusive

pytestmark = pytest.mark.django_db(transaction=True)
VERSION = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"
JSON = "application/json"  # whatever it is called, there is no body


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def create(client: Client, size_bytes: int, **headers: str) -> Any:
    return client.post("/files/", headers=VERSION | {"Upload-Length": str(size_bytes)} | headers, content_type=JSON)


def test_what_the_metadata_says_is_understood_and_given_back(as_alice: Client) -> None:
    sha256 = hashlib.sha256(b"x").hexdigest()
    said = {
        "filename": "\u202eфильм.mp4",
        "filetype": "video/mp4",
        "last_modified": "1700000000000.5",
        "sha256": sha256,
    }
    metadata = ",".join(f"{key} {encoded(value)}" for key, value in said.items()) + ",is_public"

    place = create(as_alice, 5, **{"Upload-Metadata": metadata}).headers["Location"]

    upload = Upload.objects.get()
    assert (upload.name, upload.expected_sha256) == ("фильм.mp4", sha256)
    assert (upload.client_facts.media_type, upload.client_facts.last_modified_ms) == ("video/mp4", 1_700_000_000_000)
    assert as_alice.head(place, headers=VERSION).headers["Upload-Metadata"] == metadata


@pytest.mark.parametrize(
    "metadata",
    [
        "filename ***",
        "a QQ==,a QQ==",
        "a QQ==,,b QQ==",
        "ключ QQ==",
        ",".join(f"k{n} QQ==" for n in range(21)),
        "k " + "A" * 4096,
    ],
    ids=["no base64", "twice", "no key", "no ASCII", "too many", "too long"],
)
def test_metadata_beyond_all_measure_is_refused(as_alice: Client, metadata: str) -> None:
    answer = create(as_alice, 5, **{"Upload-Metadata": metadata})

    assert (answer.status_code, answer.json()["code"]) == (400, "upload.invalid")
    assert not Upload.objects.exists()


def test_a_head_completes_what_a_stopped_server_left_unexamined(as_alice: Client, alice: User, tone_clip: Path) -> None:
    content = tone_clip.read_bytes()
    upload = append(begun(alice, len(content)), 0, in_pieces(content))

    answer = as_alice.head(f"/files/{upload.id}", headers=VERSION)

    assert answer.headers["Upload-Offset"] == str(len(content))
    assert Upload.objects.get().state == UploadState.READY


def test_a_file_that_cannot_be_examined_now_is_not_taken_for_lost(
    as_alice: Client, alice: User, tone_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = tone_clip.read_bytes()
    upload = append(begun(alice, len(content)), 0, in_pieces(content))

    with monkeypatch.context() as busy:
        busy.setattr(completing, "probe", _too_slow)
        answer = as_alice.head(f"/files/{upload.id}", headers=VERSION)
        completion = as_alice.post(f"/api/uploads/{upload.id}/complete", {}, content_type=JSON)

    assert (answer.status_code, answer.headers["Retry-After"]) == (423, "1")
    assert (completion.status_code, completion.json()["code"]) == (503, "tool.timeout")
    assert as_alice.head(f"/files/{upload.id}", headers=VERSION).status_code == 200


def test_an_upload_that_is_held_is_locked_for_a_moment(
    as_alice: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_defaults_of(exclusive), "wait_s", 0.1)
    upload = begun(alice, 5)

    with exclusive(upload.id):
        answers = [
            as_alice.head(f"/files/{upload.id}", headers=VERSION),
            as_alice.patch(
                f"/files/{upload.id}", data=b"abc", content_type=BYTES, headers=VERSION | {"Upload-Offset": "0"}
            ),
            as_alice.delete(f"/files/{upload.id}", headers=VERSION),
        ]

    assert [answer.status_code for answer in answers] == [423, 423, 423]
    assert {answer.headers["Retry-After"] for answer in answers} == {"1"}
    assert as_alice.delete(f"/files/{upload.id}", headers=VERSION).status_code == 204


def test_a_method_in_a_header_needs_the_token_like_the_method_itself(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    upload = begun(alice, 5)

    for method in ("get", "post"):
        override = VERSION | {"X-HTTP-Method-Override": "DELETE"}
        assert getattr(client, method)(f"/files/{upload.id}", headers=override).status_code == 403

    assert Upload.objects.exists()


def test_first_bytes_that_cannot_be_taken_leave_no_upload(as_alice: Client) -> None:
    headers = VERSION | {"Upload-Length": "5", "Upload-Checksum": f"sha1 {base64.b64encode(b'x' * 20).decode()}"}

    answer = as_alice.post("/files/", data=b"abc", content_type=BYTES, headers=headers)

    assert answer.status_code == 460
    assert not Upload.objects.exists()


def test_parts_must_be_named_to_be_joined(as_alice: Client) -> None:
    for addresses in ("", " ", "/files/nonsense", "/files/"):
        headers = VERSION | {"Upload-Concat": f"final;{addresses}"}
        answer = as_alice.post("/files/", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "upload.invalid")


def _too_slow(*_arguments: object, **_options: object) -> None:
    raise ToolTimeout("film.mp4 could not be examined within 60 s")


def _defaults_of(function: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = function.__wrapped__.__kwdefaults__
    return defaults
