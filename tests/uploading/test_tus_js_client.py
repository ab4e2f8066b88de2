"""tus-js-client, unmodified, in Node.js: every way it has of sending a file ends with the same bytes here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.uploading.javascript import Order, started, told, upload
from tests.uploading.media import sha256, write_noise
from tests.uploading.site import Template, UploadSite, running_site

SIZE_BYTES = 6_000_000
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.wav"
    write_noise(path, SIZE_BYTES)
    return path


def assert_arrived(site: UploadSite, upload_id: str, film: Path) -> None:
    row = site.rows()[upload_id]
    assert (row.state, row.size_bytes, row.received_bytes) == ("ready", SIZE_BYTES, SIZE_BYTES)
    assert sha256((site.media / "uploads" / upload_id / "source").read_bytes()) == sha256(film.read_bytes())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunkSize": MIB},
        {"uploadDataDuringCreation": True},
        {"uploadDataDuringCreation": True, "chunkSize": 1_700_001},
        {"parallelUploads": 3},
        {"parallelUploads": 3, "chunkSize": 500_000},
        {"overridePatchMethod": True},
        {"addRequestId": True},
    ],
    ids=lambda options: ", ".join(options) or "as it comes",
)
def test_a_file_arrives_whole_with(upload_site: UploadSite, film: Path, options: Mapping[str, Any]) -> None:
    done = upload(Order(film, options, {"filename": "Фильм.wav", "filetype": "audio/wav"}), upload_site.tus())

    assert done.error is None
    assert_arrived(upload_site, done.upload_id, film)
    assert upload_site.rows()[done.upload_id].name == "Фильм.wav"


def test_only_what_is_missing_is_sent_after_a_stop(upload_site: UploadSite, film: Path, tmp_path: Path) -> None:
    order = Order(film, {"chunkSize": MIB}, storage=tmp_path / "unfinished.json", abort_at_bytes=3 * MIB)
    stopped = upload(order, upload_site.tus())
    assert stopped.error == "stopped"

    again = Order(film, {"chunkSize": MIB}, storage=tmp_path / "unfinished.json", resume=True)
    done = upload(again, upload_site.tus())

    assert (done.error, done.upload_id) == (None, stopped.upload_id)
    assert done.methods[0] == "HEAD"
    assert done.resumed_at_bytes is not None
    assert done.resumed_at_bytes >= 2 * MIB
    assert_arrived(upload_site, done.upload_id, film)


def test_parallel_parts_go_on_after_a_stop(upload_site: UploadSite, film: Path, tmp_path: Path) -> None:
    options = {"parallelUploads": 3, "chunkSize": MIB}
    order = Order(film, options, storage=tmp_path / "unfinished.json", abort_at_bytes=4 * MIB)
    assert upload(order, upload_site.tus()).error == "stopped"

    done = upload(Order(film, options, storage=tmp_path / "unfinished.json", resume=True), upload_site.tus())

    assert done.error is None
    assert done.methods.count("HEAD") == 3
    assert_arrived(upload_site, done.upload_id, film)


def test_an_upload_that_is_given_up_leaves_nothing(upload_site: UploadSite, film: Path) -> None:
    order = Order(film, {"chunkSize": MIB}, abort_at_bytes=3 * MIB, terminate=True)

    done = upload(order, upload_site.tus())

    assert done.requests[-1] == ("DELETE", 204)
    assert done.upload_id not in upload_site.rows()
    assert not list(upload_site.media.glob(f"*/{done.upload_id}"))


def test_it_goes_on_by_itself_when_the_server_is_killed_and_comes_back(
    upload_template: Template, film: Path, tmp_path: Path
) -> None:
    with running_site(tmp_path / "site", upload_template) as site:
        client = started(Order(film, {"chunkSize": 256 * 1024, "retryDelays": [200] * 100}), site.tus())
        site.wait(lambda: any(row.received_bytes > MIB for row in site.rows().values()), "some of it has arrived")
        site.kill()
        site.start()
        done = told(client)

        assert done.error is None
        assert_arrived(site, done.upload_id, film)


def test_what_is_not_media_ends_the_upload_with_the_reason(upload_site: UploadSite, tmp_path: Path) -> None:
    page = tmp_path / "film.mp4"
    page.write_bytes(b"<!DOCTYPE html><title>Not a film</title>" * 1000)

    done = upload(Order(page), upload_site.tus())

    assert done.error is not None
    assert "media" in done.error or "video or audio" in done.error
    assert [status for method, status in done.requests if method == "PATCH"] in ([415], [422])
    assert done.upload_id not in upload_site.rows()
