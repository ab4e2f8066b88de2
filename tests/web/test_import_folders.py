"""What can be imported from the server: plain files of the allowed folders, and nothing else, by whatever way."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.web.imports import assert_nothing_left, assert_refused, begin, listed, names, pull
from uploads import importing_folders
from uploads.errors import ImportUnreadable

pytestmark = pytest.mark.django_db
NOBODY = 65534


def link_out(films: Path, secret: Path) -> str:
    (films / "out.mp4").symlink_to(secret)
    return "films/out.mp4"


def link_to_folder_out(films: Path, secret: Path) -> str:
    (films / "out").symlink_to(secret.parent)
    return f"films/out/{secret.name}"


def relative_link_out(films: Path, secret: Path) -> str:
    (films / "out.mp4").symlink_to(os.path.relpath(secret, films))
    return "films/out.mp4"


def chain_of_links_out(films: Path, secret: Path) -> str:
    (films / "first.mp4").symlink_to("second.mp4")
    (films / "second.mp4").symlink_to(secret)
    return "films/first.mp4"


def link_to_itself(films: Path, secret: Path) -> str:
    (films / "loop.mp4").symlink_to("loop.mp4")
    return "films/loop.mp4"


def dots(films: Path, secret: Path) -> str:
    return f"films/../{secret.name}"


def whole_path(films: Path, secret: Path) -> str:
    return str(secret)


def neighbour_whose_name_begins_the_same(films: Path, secret: Path) -> str:
    neighbour = films.with_name("films-private")
    neighbour.mkdir()
    os.link(secret, neighbour / "a.mp4")
    (films / "out").symlink_to(neighbour)
    return "films/out/a.mp4"


def pipe(films: Path, secret: Path) -> str:
    os.mkfifo(films / "pipe.mp4")
    return "films/pipe.mp4"


def listening_socket(films: Path, secret: Path) -> str:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(films / "socket.mp4"))
    return "films/socket.mp4"


def device(films: Path, secret: Path) -> str:
    if os.geteuid():
        pytest.skip("only root can make a device")
    os.mknod(films / "zero.mp4", 0o600 | 0o020000, os.makedev(1, 5))
    return "films/zero.mp4"


def folder_itself(films: Path, secret: Path) -> str:
    (films / "folder.mp4").mkdir()
    return "films/folder.mp4"


def empty_name(films: Path, secret: Path) -> str:
    return "films//secret.mp4"


def endless_name(films: Path, secret: Path) -> str:
    return f"films/{'a' * 300}.mp4"


def file_as_folder(films: Path, secret: Path) -> str:
    (films / "a.mp4").write_bytes(b"a")
    return "films/a.mp4/b.mp4"


@pytest.mark.parametrize(
    "make",
    [
        link_out,
        link_to_folder_out,
        relative_link_out,
        chain_of_links_out,
        link_to_itself,
        dots,
        whole_path,
        neighbour_whose_name_begins_the_same,
        pipe,
        listening_socket,
        device,
        folder_itself,
        empty_name,
        endless_name,
        file_as_folder,
    ],
)
@pytest.mark.timeout(60)
def test_nothing_but_plain_files_of_the_folder_can_be_imported(
    as_alice: Client, films: Path, make: Callable[[Path, Path], str], data_dir: Path, tone_clip: Path
) -> None:
    secret = films.parent / "secret.mp4"
    secret.write_bytes(tone_clip.read_bytes())
    path = make(films, secret)

    answer = begin(as_alice, path)

    assert_refused(answer, 404, "upload.import_not_found")
    assert str(films.parent) not in answer.json()["detail"]
    assert path.split("/")[-1] not in names(as_alice, "films") or make is folder_itself
    assert_nothing_left(data_dir)


def test_a_link_that_stays_in_the_folder_is_followed(as_alice: Client, films: Path, film: Path) -> None:
    (films / "best.mp4").symlink_to("trip/day1.mp4")

    assert names(as_alice, "films") == ["trip", "best.mp4"]
    upload_id = begin(as_alice, "films/best.mp4").json()["id"]
    assert pull(as_alice, upload_id).json()["missing"] == []


def test_a_folder_swapped_for_a_link_at_the_last_moment_is_not_followed(
    as_alice: Client, films: Path, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As somebody who may write to the folder would do it, between the look and the opening."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "day1.mp4").write_bytes(b"secret")
    look = importing_folders._located

    def look_and_swap(path: str) -> tuple[str, tuple[str, ...]]:
        found = look(path)
        film.parent.rename(films / "before")
        film.parent.symlink_to(outside)
        return found

    monkeypatch.setattr(importing_folders, "_located", look_and_swap)

    assert_refused(begin(as_alice, "films/trip/day1.mp4"), 404, "upload.import_not_found")


def test_folders_come_first_and_only_what_looks_like_media(as_alice: Client, films: Path, film: Path) -> None:
    for name in ("b.MKV", "a.mov", "notes.txt", ".hidden.mp4", "two\nlines.mp4", "Ärger.mp3", "‮gpj.mp4"):
        (films / name).write_bytes(b"12345")
    (films / os.fsdecode(b"latin-\xe9.mp4")).write_bytes(b"x")

    assert [entry["path"] for entry in listed(as_alice)["results"]] == ["films"]
    entries = listed(as_alice, "films")["results"]

    assert [entry["name"] for entry in entries] == [
        "trip", "a.mov", "b.MKV", "two\nlines.mp4", "Ärger.mp3", "‮gpj.mp4"
    ]  # fmt: skip
    assert [entry["is_folder"] for entry in entries] == [True] + [False] * 5
    assert (entries[0]["size_bytes"], entries[1]["size_bytes"]) == (None, 5)
    assert entries[1]["modified_at"].startswith("20")
    assert begin(as_alice, "films/two\nlines.mp4").json()["name"] == "twolines.mp4"


def test_a_long_folder_comes_in_pages_of_twenty(as_alice: Client, films: Path) -> None:
    for number in range(41):
        (films / f"{number:02}.mp4").write_bytes(b"x")

    pages = [listed(as_alice, "films", page) for page in (1, 2, 3)]

    assert [len(page["results"]) for page in pages] == [20, 20, 1]
    assert {page["count"] for page in pages} == {41}
    assert pages[0]["next"] is not None
    assert pages[2]["next"] is None
    assert [entry["name"] for page in pages for entry in page["results"]] == [f"{n:02}.mp4" for n in range(41)]
    assert as_alice.get("/api/imports", {"folder": "films", "page": "4"}).status_code == 404


@pytest.mark.parametrize("folder", ["none", "films/none", "films/..", "films/a.mp4", "/", ".."])
def test_what_is_no_folder_cannot_be_listed(as_alice: Client, films: Path, folder: str) -> None:
    (films / "a.mp4").write_bytes(b"a")

    assert_refused(as_alice.get("/api/imports", {"folder": folder}), 404, "upload.import_not_found")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not read")
def test_what_the_server_may_not_read_is_said_so(settings: LazySettings) -> None:
    with tempfile.TemporaryDirectory() as name:  # tmp_path is closed to everybody else
        root, settings.IMPORT_FOLDERS = Path(name), [name]
        (root / "closed").mkdir(mode=0o700)
        (root / "a.mp4").write_bytes(b"a")
        (root / "a.mp4").chmod(0o600)
        root.chmod(0o711)  # passed through, not listed
        os.seteuid(NOBODY)
        try:
            for folder in (root.name, f"{root.name}/closed"):
                with pytest.raises(ImportUnreadable):
                    importing_folders.entries(folder)
            for path in ("a.mp4", "closed/b.mp4"):
                with pytest.raises(ImportUnreadable), importing_folders.opened(f"{root.name}/{path}"):
                    pass
        finally:
            os.seteuid(0)


def test_nothing_is_offered_where_no_folder_is_named(as_alice: Client) -> None:
    assert_refused(as_alice.get("/api/imports"), 403, "upload.import_off")
    assert_refused(begin(as_alice, "films/a.mp4"), 403, "upload.import_off")


def test_a_folder_that_is_not_mounted_now_is_not_found(as_alice: Client, films: Path) -> None:
    films.rmdir()

    assert [entry["name"] for entry in listed(as_alice)["results"]] == ["films"]
    assert_refused(as_alice.get("/api/imports", {"folder": "films"}), 404, "upload.import_not_found")
