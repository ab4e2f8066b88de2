"""With encryption keys, what people bring and what is made of it lies sealed, and everything works as without."""

from __future__ import annotations

import hashlib
import http.client
import random
import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import AuditEntry, User
from jobs import dispatch, tasks
from jobs.models import JobState
from library import reencryption
from library.models import Dub
from pipeline.errors import DiskFull, FileDamaged, KeyMissing, NotMedia
from pipeline.settings import DubSettings
from pipeline.vault.header import MAGIC
from tests.factories import artifact_of, make_dub
from tests.vault.rings import ring, written
from tests.web.conftest import running_server
from tests.web.test_serve_files import address, body
from uploads import services, storage
from uploads.models import Upload
from uploads.services import receive

FILM = random.Random(9).randbytes(700_000)


@pytest.fixture(autouse=True)
def keys(settings: LazySettings) -> None:
    settings.ENCRYPTION_KEY_RING = ring("a")


@pytest.fixture
def dub(alice: User, tmp_path: Path) -> Dub:
    return make_dub(alice, tmp_path, {"mp4.mp4": FILM})


def received(owner: User, clip: Path) -> Upload:
    return receive(owner, SimpleUploadedFile("talk.mp4", clip.read_bytes()))


def files_with(needle: bytes, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


@pytest.mark.django_db(transaction=True)
def test_an_upload_lies_sealed_once_it_is_ready(alice: User, tone_clip: Path, data_dir: Path) -> None:
    clip = tone_clip.read_bytes()

    upload = received(alice, tone_clip)

    assert storage.is_sealed(upload.stored)
    assert files_with(clip[5000:5064], data_dir) == []
    assert not upload.incoming_folder.exists()
    with storage.opened(upload.stored) as file:
        assert file.read(0, file.size_bytes) == clip
    assert (upload.size_bytes, upload.sha256) == (len(clip), hashlib.sha256(clip).hexdigest())
    assert services.complete(upload.id, sha256=upload.sha256).id == upload.id


@pytest.mark.django_db(transaction=True)
def test_an_upload_that_a_power_failure_made_unready_again_is_completed(alice: User, tone_clip: Path) -> None:
    upload = received(alice, tone_clip)
    whole = [[0, upload.size_bytes]]
    Upload.objects.filter(id=upload.id).update(state="receiving", received=whole, sha256="", media={})

    again = services.complete(upload.id, sha256=upload.sha256)

    assert (again.state, again.media["duration_s"]) == ("ready", upload.media["duration_s"])
    assert storage.is_sealed(again.stored)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["a", ""], ids=["with keys", "without"])
def test_a_file_that_only_looks_sealed_is_no_media(
    alice: User, data_dir: Path, settings: LazySettings, name: str
) -> None:
    settings.ENCRYPTION_KEY_RING = ring(name) if name else None

    with pytest.raises(NotMedia):
        receive(alice, SimpleUploadedFile("talk.mp4", MAGIC + bytes(20_000)))

    assert [path for path in (data_dir / "media").rglob("*") if path.is_file()] == []


@pytest.mark.django_db(transaction=True)
def test_plaintext_that_an_end_between_sealing_and_removing_left_is_swept(
    alice: User, tone_clip: Path, data_dir: Path
) -> None:
    upload = received(alice, tone_clip)
    upload.incoming_folder.mkdir(parents=True)
    shutil.copy(tone_clip, upload.incoming_folder / "source")

    assert services.remove_orphans(now=upload.updated_at) == 1

    assert not upload.incoming_folder.exists()
    assert upload.source_path.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_whole_dub_leaves_nothing_in_clear_where_files_are_kept(
    alice: User, spoken_clip: Path, data_dir: Path, tmp_path: Path
) -> None:
    upload = received(alice, spoken_clip)
    job = dispatch.submit(alice, upload, DubSettings(target_language="es"))

    tasks.work()

    job.refresh_from_db()
    assert (job.state, job.error_message) == (JobState.DONE, "")
    clip = spoken_clip.read_bytes()
    needles = [clip[offset : offset + 48] for offset in range(1000, len(clip) - 48, 20_000)]
    for artifact in Dub.objects.get(job_id=job.id).artifacts.select_related("dub"):
        with storage.opened(artifact.stored) as file:
            content = file.read(0, file.size_bytes)
        assert (artifact.size_bytes, artifact.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        needles += [content[offset : offset + 48] for offset in range(0, len(content) - 48, 20_000)]
    kept = [path for path in (data_dir / "media").rglob("*") if path.is_file()]
    assert len(kept) > 8
    assert [path for path in kept if not path.read_bytes().startswith(MAGIC)] == []
    for needle in needles:
        assert files_with(needle, data_dir / "media") + files_with(needle, data_dir / "tmp") == []
    assert list(storage.plain_root().iterdir()) == []
    mp4 = tmp_path / "dub.mp4"
    with storage.plaintext(Dub.objects.get().artifacts.get(kind="mp4").stored) as path:
        shutil.copy(path, mp4)
    subprocess.run(["ffprobe", "-v", "error", str(mp4)], check=True)


def test_ranges_of_a_sealed_file_are_those_of_the_plaintext(as_alice: Client, dub: Dub) -> None:
    assert storage.is_sealed(artifact_of(dub).stored)
    for header, expected in (
        ("bytes=0-", FILM),
        ("bytes=100-199", FILM[100:200]),
        ("bytes=65400-140000", FILM[65400:140001]),
        ("bytes=-1000", FILM[-1000:]),
    ):
        response = as_alice.get(address(dub), headers={"range": header})

        assert (response.status_code, body(response)) == (206, expected), header
        assert response["Content-Range"].endswith(f"/{len(FILM)}")
    assert as_alice.head(address(dub))["Content-Length"] == str(len(FILM))


def test_without_its_key_a_file_is_an_error_that_names_neither_key_nor_path(
    as_alice: Client, dub: Dub, settings: LazySettings, data_dir: Path
) -> None:
    settings.ENCRYPTION_KEY_RING = ring("b")

    response = as_alice.get(address(dub))

    problem = response.json()
    assert (response.status_code, problem["code"]) == (500, KeyMissing.code)
    assert "administrator" in problem["detail"]
    assert str(data_dir) not in response.content.decode()
    assert as_alice.get(f"/dubs/{dub.id}/").status_code == 200  # the page does without the summary


def test_a_damaged_file_is_an_error_and_gives_out_nothing_of_what_was_damaged(as_alice: Client, dub: Dub) -> None:
    path = artifact_of(dub).path
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)

    assert body(as_alice.get(address(dub), headers={"range": "bytes=0-99"})) == FILM[:100]
    response = as_alice.get(address(dub), headers={"range": "bytes=-500"})

    assert (response.status_code, response.json()["code"]) == (500, "vault.damaged")
    assert AuditEntry.objects.get(action="tampering_found_failed").object_id == str(artifact_of(dub).id)


@pytest.mark.django_db(transaction=True)
def test_damage_in_the_middle_of_a_film_cuts_the_answer_and_is_recorded_once(
    as_alice: Client, alice: User, tmp_path: Path, data_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    artifact = artifact_of(make_dub(alice, tmp_path, {"mp4.mp4": FILM}))
    content = bytearray(artifact.path.read_bytes())
    content[-1000] ^= 1
    artifact.path.write_bytes(content)

    with running_server(data_dir, ENCRYPTION_KEYS=written("a")) as server:
        for _ in range(2):
            link = http.client.HTTPConnection(server.address, timeout=60)
            with closing(link):
                headers = {"Cookie": f"sessionid={as_alice.cookies['sessionid'].value}"}
                link.request("GET", f"/dubs/{artifact.dub_id}/files/mp4/", headers=headers)
                answer = link.getresponse()
                with pytest.raises(http.client.IncompleteRead) as cut:
                    answer.read()
            assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(FILM)))
            assert FILM.startswith(cut.value.partial)
            assert 0 < len(cut.value.partial) < len(FILM)

    entry = AuditEntry.objects.get(action="tampering_found_failed")
    assert (entry.object_id, entry.address) == (str(artifact.id), "127.0.0.1")
    said = "".join(capfd.readouterr())
    assert said.count("stored_file_not_opened") == 2
    assert "segment 2 was altered" in said


def plain_again(path: Path) -> None:
    path.write_bytes(FILM)


def no_more_known_as_sealed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("change", [plain_again, no_more_known_as_sealed])
def test_what_does_not_look_sealed_in_the_place_of_a_sealed_file_is_refused_and_recorded(
    as_alice: Client, dub: Dub, change: Callable[[Path], None]
) -> None:
    artifact = artifact_of(dub)
    change(artifact.path)

    response = as_alice.get(address(dub))

    assert (response.status_code, response.json()["code"]) == (500, "vault.damaged")
    assert AuditEntry.objects.get(action="tampering_found_failed").object_id == str(artifact.id)
    with pytest.raises(FileDamaged), storage.plaintext(artifact.stored):
        pass


@pytest.mark.django_db(transaction=True)
def test_a_row_read_before_its_file_was_opened_for_good_does_not_stand_in_the_way(dub: Dub) -> None:
    early = artifact_of(dub)
    reencryption.forget_what_was_sealed()
    early.path.write_bytes(FILM)

    with storage.opened(early.stored) as file, storage.plaintext(early.stored) as path:
        assert file.read(0, len(FILM)) == path.read_bytes() == FILM


def test_a_file_of_before_there_were_keys_is_served_as_it_is(
    as_alice: Client, alice: User, tmp_path: Path, settings: LazySettings
) -> None:
    settings.ENCRYPTION_KEY_RING = None
    plain = make_dub(alice, tmp_path, {"mp4.mp4": FILM})
    settings.ENCRYPTION_KEY_RING = ring("a")

    assert body(as_alice.get(address(plain))) == FILM


@pytest.mark.django_db(transaction=True)
def test_a_player_gets_the_ranges_it_asks_the_real_server_for(
    as_alice: Client, alice: User, tmp_path: Path, data_dir: Path
) -> None:
    sealed = make_dub(alice, tmp_path, {"mp4.mp4": FILM})
    cookie = f"sessionid={as_alice.cookies['sessionid'].value}"

    with running_server(data_dir, ENCRYPTION_KEYS=written("a")) as server:
        for start, end in ((0, 0), (65_000, 66_000), (1, 600_000), (0, len(FILM) - 1), (len(FILM) - 5, len(FILM) - 1)):
            link = http.client.HTTPConnection(server.address, timeout=30)
            with closing(link):
                headers = {"Cookie": cookie, "Range": f"bytes={start}-{end}"}
                link.request("GET", f"/dubs/{sealed.id}/files/mp4/", headers=headers)
                answer = link.getresponse()
                assert (answer.status, answer.read()) == (206, FILM[start : end + 1])


def test_a_file_is_not_kept_where_there_is_no_room_for_it_twice(
    alice: User, tone_clip: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    size_bytes = tone_clip.stat().st_size
    free = shutil.disk_usage(settings.MEDIA_ROOT)._replace(free=size_bytes * 3 // 2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: free)

    assert storage.room_bytes(size_bytes) == 2 * size_bytes
    with pytest.raises(DiskFull):
        services.begin(alice, services.Announced("talk.mp4", size_bytes), now=alice.date_joined)
