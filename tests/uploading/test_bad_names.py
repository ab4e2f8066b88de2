"""Names are for showing only: however long, turned around or full of paths, they become no path and no trouble."""

from __future__ import annotations

import base64
import unicodedata

import pytest

from tests.uploading.chunks import Chunks
from tests.uploading.media import noise
from tests.uploading.site import UploadSite
from tests.uploading.tus import Tus, metadata, path_of

SIZE_BYTES = 20_000
NAMES = {
    "long": "x" * 10_000 + ".wav",
    "long and wide": "ﷺ" * 3_000,
    "turned around": "film\u202egnp.wav",
    "isolated": "a\u2066b\u2069c\u200fd.wav",
    "up": "../../../../etc/passwd",
    "absolute": "/etc/passwd",
    "of Windows": "C:\\Windows\\..\\system32\\a.wav",
    "only dots": "..",
    "control characters": "a\r\nSet-Cookie: b\t\x00\x1b[31mc.wav",
    "device": "CON",
    "markup": "<script>alert(1)</script>.wav",
    "nothing": "",
    "spaces": "   ",
    "half a character": "a\ud800b",
    "combining": "a" + "\u0301" * 500,
    "option": "-i http://127.0.0.1/x.wav",
}
FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


def assert_can_be_shown(name: str) -> None:
    assert name
    assert len(name) <= 255
    assert not [character for character in name if unicodedata.category(character) in FORBIDDEN]
    assert "/" not in name
    assert "\\" not in name


def assert_in_its_place(site: UploadSite, upload_id: str, content: bytes) -> None:
    [folder] = site.media.glob(f"*/{upload_id}")
    assert folder.parent == site.media / "uploads"
    assert [path.name for path in folder.iterdir()] == ["source"]
    assert (folder / "source").read_bytes() == content


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name_can_be_shown_and_is_no_path(upload_site: UploadSite, name: str) -> None:
    chunks, content = Chunks.of(upload_site.tus()), noise(SIZE_BYTES)

    answer = chunks.init(name=name, total_bytes=SIZE_BYTES)

    if answer.status == 400:  # a name may be refused, but not half taken
        assert not name.strip() or {"\ud800", "\x00"} & set(name), name[:99]
        return
    assert answer.status == 201, str(answer)
    assert_can_be_shown(answer.json["name"])
    upload_id = answer.json["id"]
    assert chunks.put(upload_id, 0, content).status == 200
    assert chunks.complete(upload_id).status == 200
    assert_in_its_place(upload_site, upload_id, content)
    assert_can_be_shown(chunks.status(upload_id).json["name"])


@pytest.mark.parametrize("name", [name for name in NAMES.values() if "\ud800" not in name])
def test_any_name_in_tus_metadata_too(upload_site: UploadSite, name: str) -> None:
    tus = upload_site.tus()

    answer = tus.post({"Upload-Length": str(SIZE_BYTES), **metadata(filename=name)})

    if len(name.encode()) > 3_000:
        assert answer.status in (400, 413, 431), str(answer)
        return
    assert answer.status == 201, str(answer)
    upload_id = path_of(answer).rsplit("/", 1)[-1]
    assert_can_be_shown(upload_site.rows()[upload_id].name)
    assert tus.head(path_of(answer)).header("Set-Cookie") == tus.head(tus.create(SIZE_BYTES)).header("Set-Cookie")


def test_metadata_smuggles_no_header(upload_site: UploadSite) -> None:
    """Decoded, its value is two lines; it comes back encoded as it was sent."""
    tus = upload_site.tus()
    value = "filename " + base64.b64encode(b"a.wav\r\nX-Smuggled: yes").decode()

    answer = tus.head(tus.create(SIZE_BYTES, {"Upload-Metadata": value}))

    assert answer.header("Upload-Metadata") == value
    assert answer.header("X-Smuggled") is None


@pytest.mark.parametrize(
    "tail",
    [
        "../../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/database.sqlite3",
        "00000000-0000-4000-8000-000000000000/../../secret_key",
        "00000000-0000-4000-8000-000000000000%00.wav",
        "incoming",
        "*",
        "{00000000-0000-4000-8000-000000000000}",
        "00000000000040008000000000000000",
        "%ff%fe",
    ],
)
def test_an_address_that_is_a_path_finds_nothing(upload_site: UploadSite, tail: str) -> None:
    tus = upload_site.tus()
    chunks = Chunks(tus.address, tus.who)

    answers = [
        tus.head(f"/files/{tail}"),
        tus.patch(f"/files/{tail}", 0, b"x"),
        tus.delete(f"/files/{tail}"),
        chunks.status(tail),
        chunks.put(tail, 0, b"x"),
        chunks.complete(tail),
        chunks.delete(tail),
    ]

    assert {answer.status for answer in answers} <= {400, 404, 405}, [str(answer) for answer in answers]
    assert upload_site.is_up()


def test_names_of_another_user_are_not_shown(upload_site: UploadSite) -> None:
    tus = upload_site.tus()
    path = tus.create(SIZE_BYTES, metadata(filename="alice's secret.wav"))
    bob = Chunks.of(Tus(tus.address, tus.creation_path, upload_site.headers("bob")))

    assert b"secret" not in bob.ask("GET", "/api/uploads").body
    assert b"secret" not in bob.status(path.rsplit("/", 1)[-1]).body
