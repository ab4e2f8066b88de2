"""tuspy, unmodified: the tus project's own Python client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from tusclient.storage.filestorage import FileStorage

from tests.uploading.media import sha256, write_noise
from tests.uploading.site import UploadSite

SIZE_BYTES = 6_000_000
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.wav"
    write_noise(path, SIZE_BYTES)
    return path


@pytest.fixture
def client(upload_site: UploadSite) -> TusClient:
    return TusClient(f"http://{upload_site.address}/files/", headers=upload_site.headers("alice"))


def stored(site: UploadSite, url: str) -> bytes:
    return (site.media / "uploads" / url.rsplit("/", 1)[-1] / "source").read_bytes()


@pytest.mark.parametrize(
    ("chunk_bytes", "is_checked"), [(SIZE_BYTES, False), (MIB, False), (MIB, True)], ids=["whole", "chunks", "checked"]
)
def test_a_file_arrives_whole(
    upload_site: UploadSite, client: TusClient, film: Path, chunk_bytes: int, is_checked: bool
) -> None:
    with film.open("rb") as file:
        uploader: Any = client.uploader(file_stream=file, chunk_size=chunk_bytes, upload_checksum=is_checked)
        uploader.upload()

    assert stored(upload_site, uploader.url) == film.read_bytes()


def test_a_file_with_metadata_keeps_its_name(upload_site: UploadSite, client: TusClient, film: Path) -> None:
    with film.open("rb") as file:
        uploader: Any = client.uploader(file_stream=file, metadata={"filename": "Ñandú.wav"})
        uploader.upload()

    assert upload_site.rows()[uploader.url.rsplit("/", 1)[-1]].name == "Ñandú.wav"


# It leaves what it opens by name to the garbage collector, and remembers uploads only of files it opened so.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_upload_goes_on_where_it_stopped(
    upload_site: UploadSite, client: TusClient, film: Path, tmp_path: Path
) -> None:
    storage = FileStorage(str(tmp_path / "unfinished.json"))  # type: ignore[no-untyped-call]
    uploader: Any = client.uploader(str(film), chunk_size=MIB, store_url=True, url_storage=storage)
    uploader.upload(stop_at=2 * MIB)
    again: Any = client.uploader(str(film), chunk_size=MIB, store_url=True, url_storage=storage)
    resumed_at_bytes = again.offset
    again.upload()
    storage.close()  # type: ignore[no-untyped-call]

    assert (again.url, resumed_at_bytes) == (uploader.url, 2 * MIB)
    assert sha256(stored(upload_site, again.url)) == sha256(film.read_bytes())


def test_an_empty_file_is_refused_before_anything_is_sent(
    upload_site: UploadSite, client: TusClient, tmp_path: Path
) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    before = len(upload_site.rows())

    with (tmp_path / "empty.wav").open("rb") as file, pytest.raises(TusCommunicationError) as refusal:
        client.uploader(file_stream=file).upload()

    assert b"upload.empty" in refusal.value.response_content
    assert len(upload_site.rows()) == before
