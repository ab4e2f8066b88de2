"""Parts that were sent side by side become one file, once."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connections

from accounts.models import User
from pipeline.errors import NotMedia
from tests.web.sent_bytes import begun, in_pieces
from uploads.errors import UploadIncomplete, UploadInvalid, UploadIsFinal, UploadQuotaReached, UploadTooLarge
from uploads.models import Upload, UploadState
from uploads.services import Announced, append, complete, join

pytestmark = pytest.mark.django_db(transaction=True)
WHOLE = Announced("film.mp4", 0)


def parts_of(owner: User, content: bytes, number: int = 3) -> list[uuid.UUID]:
    size_bytes = -(-len(content) // number)
    pieces = [content[start : start + size_bytes] for start in range(0, len(content), size_bytes)]
    return [append(begun(owner, len(piece), is_partial=True), 0, in_pieces(piece)).id for piece in pieces]


def incoming(data_dir: Path) -> list[Path]:
    return list((data_dir / "media" / "incoming").iterdir())


def test_the_parts_become_one_film_and_are_gone(alice: User, tone_clip: Path, data_dir: Path) -> None:
    content = tone_clip.read_bytes()
    parts = parts_of(alice, content)

    film = join(alice, parts, WHOLE)

    assert (film.state, film.name) == (UploadState.READY, "film.mp4")
    assert film.source_path.read_bytes() == content
    assert list(Upload.objects.all()) == [film]
    assert incoming(data_dir) == []


def test_asking_again_gives_the_same_film(alice: User, tone_clip: Path) -> None:
    parts = parts_of(alice, tone_clip.read_bytes())
    first = join(alice, parts, WHOLE)

    assert join(alice, parts, WHOLE).id == first.id
    with pytest.raises(Upload.DoesNotExist):
        join(alice, parts[::-1], WHOLE)
    with pytest.raises(UploadIsFinal):
        append(first, first.size_bytes, in_pieces(b""))


def test_two_who_ask_at_once_get_the_same_film(alice: User, tone_clip: Path) -> None:
    parts = parts_of(alice, tone_clip.read_bytes())

    def ask(_number: int) -> uuid.UUID:
        try:
            return join(alice, parts, WHOLE).id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        films = set(pool.map(ask, range(3)))

    assert films == set(Upload.objects.values_list("id", flat=True))
    assert len(films) == 1


def test_parts_that_make_no_film_leave_nothing(alice: User, data_dir: Path) -> None:
    parts = parts_of(alice, b"no film at all" * 100)

    with pytest.raises(NotMedia):
        join(alice, parts, WHOLE)

    assert not Upload.objects.exists()
    assert incoming(data_dir) == []


def test_a_part_that_is_not_whole_is_waited_for(alice: User, tone_clip: Path) -> None:
    parts = [*parts_of(alice, tone_clip.read_bytes()), begun(alice, 100, is_partial=True).id]

    with pytest.raises(UploadIncomplete):
        join(alice, parts, WHOLE)

    assert Upload.objects.filter(is_partial=True).count() == 4


def test_only_parts_of_ones_own_are_joined_each_once(alice: User, bob: User, tone_clip: Path) -> None:
    content = tone_clip.read_bytes()
    mine, theirs = parts_of(alice, content), parts_of(bob, content)
    film = append(begun(alice, len(content)), 0, in_pieces(content))

    for wrong in ([], [mine[0]] * 1000, [mine[0], mine[0]], [uuid.uuid4() for _ in range(300)], [film.id]):
        with pytest.raises(UploadInvalid):
            join(alice, wrong, WHOLE)
    for unknown in ([mine[0], theirs[1]], [uuid.uuid4()]):
        with pytest.raises(Upload.DoesNotExist):
            join(alice, unknown, WHOLE)

    assert Upload.objects.filter(is_partial=True).count() == 6


def test_a_part_alone_is_no_film(alice: User, tone_clip: Path) -> None:
    [part] = parts_of(alice, tone_clip.read_bytes(), 1)

    with pytest.raises(UploadInvalid):
        complete(part)


def test_the_limits_hold_for_the_whole(alice: User, tone_clip: Path, settings: LazySettings) -> None:
    content = tone_clip.read_bytes()
    parts = parts_of(alice, content)

    settings.UPLOAD_MAX_BYTES = len(content) - 1
    with pytest.raises(UploadTooLarge):
        join(alice, parts, WHOLE)

    settings.UPLOAD_MAX_BYTES = settings.UPLOAD_QUOTA_BYTES_PER_USER = len(content)
    with pytest.raises(UploadQuotaReached):
        begun(alice, 1)
    assert join(alice, parts, WHOLE).size_bytes == len(content)
