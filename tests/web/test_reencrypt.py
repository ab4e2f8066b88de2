"""`manage.py reencrypt`: everything kept comes under the current key, or lies in clear again, however often it ends."""

from __future__ import annotations

import random
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry, User
from library import reencryption
from library.models import Dub
from library.reencryption import Kept, Step
from pipeline.errors import KeyMissing
from pipeline.vault import known, reading, sealing
from tests.factories import artifact_of, make_dub, make_upload
from tests.vault.rings import ring
from uploads import storage
from uploads.models import KeptFile, Upload
from uploads.storage import Stored

pytestmark = pytest.mark.django_db
FILM = random.Random(10).randbytes(200_000)


@pytest.fixture
def upload(alice: User) -> Upload:
    return make_upload(alice, content=FILM)


@pytest.fixture
def dub(alice: User, tmp_path: Path) -> Dub:
    return make_dub(alice, tmp_path, {"mp4.mp4": FILM[::-1], "summary.json": b"{}"})


def reencrypt(*options: str) -> str:
    output = StringIO()
    call_command("reencrypt", *options, stdout=output, stderr=output)
    return output.getvalue()


def kept_of(row: KeptFile) -> Kept:
    return next(each for each in reencryption.kept_files() if each.row == row)


def key_ids() -> set[str]:
    """What the files are sealed with; "" for one in clear."""
    return {_key_id(each.stored) for each in reencryption.kept_files()}


def marks() -> set[bool]:
    """What the rows say of their files."""
    return {each.row.is_sealed for each in reencryption.kept_files()}


def _key_id(stored: Stored) -> str:
    if not storage.is_sealed(stored):
        return ""
    return reading.header_of(stored.path, stored.object_id, storage.key_ring()).key_id


def assert_all_readable(upload: Upload, dub: Dub) -> None:
    for stored, content in ((upload.stored, FILM), (artifact_of(dub).stored, FILM[::-1])):
        with storage.opened(stored) as file:
            assert file.read(0, file.size_bytes) == content


@pytest.mark.django_db(transaction=True)
def test_plain_files_are_sealed_then_given_another_key_then_opened_again(
    upload: Upload, dub: Dub, settings: LazySettings, data_dir: Path
) -> None:
    changed_ns = upload.source_path.stat().st_mtime_ns
    settings.ENCRYPTION_KEY_RING = ring("a")
    assert "to seal" in reencrypt()
    assert (key_ids(), marks()) == ({"a"}, {True})
    assert_all_readable(upload, dub)

    settings.ENCRYPTION_KEY_RING = ring("b", "a")
    assert "'b'" in reencrypt()
    settings.ENCRYPTION_KEY_RING = ring("b")
    assert key_ids() == {"b"}
    assert_all_readable(upload, dub)
    with pytest.raises(KeyMissing, match="'b'"):
        known.require(data_dir, None)

    assert "in clear" in reencrypt("--unseal")
    assert (key_ids(), marks()) == ({""}, {False})
    assert_all_readable(upload, dub)
    known.require(data_dir, None)
    assert upload.source_path.stat().st_mtime_ns == changed_ns
    assert [entry.action for entry in AuditEntry.objects.filter(action="reencrypted")] == ["reencrypted"] * 3


def test_a_dry_run_says_what_would_be_done_and_changes_nothing(
    upload: Upload, dub: Dub, settings: LazySettings
) -> None:
    settings.ENCRYPTION_KEY_RING = ring("a")

    said = reencrypt("--dry-run")

    assert f"to seal: upload/{upload.id}" in said
    assert "no file was changed" in said
    assert key_ids() == {""}


def test_it_goes_on_where_it_was_ended(upload: Upload, dub: Dub, settings: LazySettings) -> None:
    settings.ENCRYPTION_KEY_RING = ring("a")
    first, *others = reencryption.kept_files()
    reencryption.carry_out(first, ring("a"))

    said = reencrypt()

    assert f"as it should be: 1; to seal: {len(others)}" in said
    assert key_ids() == {"a"}


def test_a_file_that_a_dub_reads_now_is_left_and_said(upload: Upload, settings: LazySettings) -> None:
    settings.ENCRYPTION_KEY_RING = ring("a")

    with storage.plaintext(upload.stored) as path, pytest.raises(CommandError, match="run this again"):
        reencrypt()

    assert path == upload.source_path
    assert key_ids() == {""}
    reencrypt()
    assert key_ids() == {"a"}


def test_a_file_whose_key_is_gone_is_said_and_the_others_are_done(
    upload: Upload, dub: Dub, settings: LazySettings
) -> None:
    settings.ENCRYPTION_KEY_RING = ring("lost")
    assert reencryption.carry_out(kept_of(upload), ring("lost")) is Step.SEAL
    settings.ENCRYPTION_KEY_RING = ring("a")

    with pytest.raises(CommandError):
        reencrypt()

    assert _key_id(artifact_of(dub).stored) == "a"


def test_a_process_that_still_seals_with_an_older_key_has_that_key_asked_for_again(
    alice: User, tmp_path: Path, upload: Upload, settings: LazySettings, data_dir: Path
) -> None:
    settings.ENCRYPTION_KEY_RING = ring("b", "a")
    reencrypt()
    settings.ENCRYPTION_KEY_RING = ring("a")

    make_dub(alice, tmp_path, {"mp4.mp4": FILM})

    with pytest.raises(KeyMissing, match="'a'"):
        known.require(data_dir, ring("b"))
    settings.ENCRYPTION_KEY_RING = ring("b", "a")
    reencrypt()
    known.require(data_dir, ring("b"))


def test_one_that_ended_between_a_file_and_its_row_has_the_next_one_write_the_row(
    upload: Upload, dub: Dub, settings: LazySettings
) -> None:
    settings.ENCRYPTION_KEY_RING = ring("a")
    sealing.seal_in_place(upload.source_path, upload.stored.object_id, ring("a"))
    assert_all_readable(upload, dub)

    reencrypt()

    assert (key_ids(), marks()) == ({"a"}, {True})
    assert_all_readable(upload, dub)


def test_what_one_that_was_killed_left_behind_is_taken_away(upload: Upload, settings: LazySettings) -> None:
    settings.ENCRYPTION_KEY_RING = ring("a")
    left = upload.source_path.with_name(f".{upload.source_path.name}.1-0123456789ab.partial")
    left.write_bytes(FILM)

    reencrypt()

    assert [path.name for path in upload.folder.iterdir()] == ["source"]


def test_only_one_runs_at_a_time(upload: Upload, settings: LazySettings, data_dir: Path) -> None:
    settings.ENCRYPTION_KEY_RING = ring("a")

    with reencryption.alone(data_dir), pytest.raises(CommandError, match="another"):
        reencrypt()

    assert key_ids() == {""}


@pytest.mark.django_db(transaction=True)
def test_a_plain_file_in_the_place_of_a_sealed_one_is_not_made_ours_unless_the_operator_says_so(
    upload: Upload, dub: Dub, settings: LazySettings
) -> None:
    settings.ENCRYPTION_KEY_RING = ring("a")
    reencrypt()
    upload.source_path.write_bytes(FILM)

    with pytest.raises(CommandError):
        reencrypt()

    assert not storage.is_sealed(upload.stored)
    assert AuditEntry.objects.get(action="tampering_found_failed").object_id == str(upload.id)
    reencrypt("--unseal")  # "all of these are what they should be"
    reencrypt()
    assert (key_ids(), marks()) == ({"a"}, {True})


def test_without_keys_it_says_what_to_set(settings: LazySettings) -> None:
    settings.ENCRYPTION_KEY_RING = None

    with pytest.raises(CommandError, match="ENCRYPTION_KEYS"):
        reencrypt()


def test_a_file_kept_while_everything_is_opened_is_no_damaged_one_afterwards(
    upload: Upload, settings: LazySettings
) -> None:
    settings.ENCRYPTION_KEY_RING = ring("a")
    reencrypt()
    kept = kept_of(Upload.objects.get(pk=upload.pk))  # sealed, and its mark not taken away with the others'

    step = reencryption.carry_out(kept, None)

    assert step is Step.UNSEAL
    assert marks() == {False}
    assert storage.opened(Upload.objects.get(pk=upload.pk).stored).read(0, len(FILM)) == FILM
