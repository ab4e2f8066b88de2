"""Folders of this machine whose files may be imported: what lies in them, and how one of their files is opened.

A path is `films/trip/day1.mp4`: the last name of a folder in IMPORT_FOLDERS, then names below it. None leads out of
the folder, neither by `..` nor by a symbolic link, and nothing but a plain file is opened: no pipe, no device.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from uploads.errors import ImportNotFound, ImportOff, ImportUnreadable

PATH_MAX_CHARACTERS = 4096
MEDIA_NAME = re.compile(
    r"\.(3g2|3gp|aac|ac3|aiff?|amr|asf|avi|caf|dts|eac3|flac|flv|m2ts|m4[abv]|mk[av]|mov|mp3|mp4|mpe?g|mts|mxf|og[agv]"
    r"|opus|ts|vob|w64|wav|webm|wm[av]|wv)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of a folder, and its path as `entries` and `opened` take it."""

    path: str
    name: str
    is_folder: bool


@dataclass(frozen=True, slots=True)
class Listed(Entry):
    """An entry as it is shown. A folder has no size, nor has a file that went away meanwhile."""

    size_bytes: int | None
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class Measure:
    """What tells that a file is still the one that was looked at."""

    size_bytes: int
    modified_ns: int
    inode: str

    @property
    def modified_at(self) -> datetime:
        return datetime.fromtimestamp(self.modified_ns / 1e9, UTC)


def entries(folder: str) -> list[Entry]:
    """Folders, then files that look like media, each by name; "" lists the folders that may be imported from.

    Left out: hidden names, names that are not UTF-8, links that lead out. Raises ImportOff, ImportNotFound,
    ImportUnreadable.
    """
    if not folder:
        return [Entry(name, name, is_folder=True) for name in sorted(_roots())]
    root, parts = _located(folder)
    with _place(root, parts) as place:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            raise _not_found()
        with _reading(place, os.O_DIRECTORY) as listed, os.scandir(listed) as found:
            shown = [_entry(each, folder, root, os.path.join(root, *parts)) for each in found]
    return sorted(filter(None, shown), key=lambda entry: (not entry.is_folder, entry.name.casefold(), entry.name))


def listed(entry: Entry) -> Listed:
    try:
        now = None if entry.is_folder else measure(entry.path)
    except (ImportNotFound, ImportUnreadable):
        now = None
    size_bytes, modified_at = (now.size_bytes, now.modified_at) if now else (None, None)
    return Listed(entry.path, entry.name, entry.is_folder, size_bytes, modified_at)


def measure(path: str) -> Measure:
    """Of a plain file. Raises ImportOff and ImportNotFound."""
    with _place(*_located(path)) as place:
        return measure_of(place)


@contextmanager
def opened(path: str) -> Iterator[int]:
    """A descriptor that reads a plain file. Raises ImportOff, ImportNotFound, ImportUnreadable."""
    with _place(*_located(path)) as place:
        measure_of(place)
        with _reading(place, os.O_NONBLOCK) as file:
            yield file


def measure_of(file: int) -> Measure:
    """As the file is now. Raises ImportNotFound for what is no plain file."""
    now = os.fstat(file)
    if not stat.S_ISREG(now.st_mode):
        raise _not_found()
    return Measure(now.st_size, now.st_mtime_ns, str(now.st_ino))


def _roots() -> dict[str, Path]:
    if not settings.IMPORT_FOLDERS:
        raise ImportOff(_("Importing is not set up here; the administrator can name folders in IMPORT_FOLDERS."))
    return {Path(folder).name: Path(folder) for folder in settings.IMPORT_FOLDERS}


def _located(path: str) -> tuple[str, tuple[str, ...]]:
    """The folder of IMPORT_FOLDERS and the names below it, links resolved."""
    name, *below = path.split("/")
    root = _roots().get(name)
    if root is None or any(part in ("", ".", "..") or "\0" in part for part in below):
        raise _not_found()
    real_root = os.path.realpath(root)
    return real_root, _names_below(real_root, os.path.realpath(root.joinpath(*below)))


def _names_below(root: str, real: str) -> tuple[str, ...]:
    if os.path.commonpath([root, real]) != root:
        raise _not_found()
    return () if real == root else tuple(os.path.relpath(real, root).split(os.sep))


@contextmanager
def _place(root: str, names: tuple[str, ...]) -> Iterator[int]:
    """What is there, named but not opened, so that nothing happens to a device; links that appear now are not found."""
    place = _named(root, os.O_DIRECTORY, None)
    try:
        for name in names:
            below = _named(name, os.O_NOFOLLOW, place)
            os.close(place)
            place = below
        yield place
    finally:
        os.close(place)


def _named(name: str, flags: int, folder: int | None) -> int:
    try:
        return os.open(name, os.O_PATH | os.O_CLOEXEC | flags, dir_fd=folder)
    except PermissionError as error:
        raise _unreadable() from error
    except (OSError, UnicodeError) as error:
        raise _not_found() from error


@contextmanager
def _reading(place: int, flags: int) -> Iterator[int]:
    try:
        file = os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_CLOEXEC | flags)
    except PermissionError as error:
        raise _unreadable() from error
    try:
        yield file
    finally:
        os.close(file)


def _entry(found: os.DirEntry[str], folder: str, root: str, real_folder: str) -> Entry | None:
    """None for what is not shown."""
    if found.name.startswith(".") or not _is_utf8(found.name):
        return None
    if found.is_symlink() and _leads_out(root, os.path.join(real_folder, found.name)):
        return None
    path = f"{folder}/{found.name}"
    with suppress(OSError):  # it went meanwhile, or is a link to itself
        if found.is_dir():
            return Entry(path, found.name, is_folder=True)
        if found.is_file() and MEDIA_NAME.search(found.name):
            return Entry(path, found.name, is_folder=False)
    return None


def _leads_out(root: str, link: str) -> bool:
    return os.path.commonpath([root, os.path.realpath(link)]) != root


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _not_found() -> ImportNotFound:
    return ImportNotFound(_("There is no such file in the folders that may be imported from; choose another one."))


def _unreadable() -> ImportUnreadable:
    return ImportUnreadable(_("The server may not read this file; ask its administrator to allow it."))
