"""A server whose writes are refused one by one, or whose disk is really full; and one whose clock is wrong."""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.uploading.site import UploadSite

WRITES = Path(__file__).resolve().parents[2] / "pipeline" / "disk_faults.c"
CLOCK = Path(__file__).with_name("clock_shift.c")
CONTROL = struct.Struct("lll")


def built(source: Path, folder: Path) -> Path:
    """A library to be preloaded."""
    assert shutil.which("cc"), "this fault needs a C compiler: apt-get install gcc libc6-dev"
    library = folder / f"{source.stem}.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True)
    return library


@dataclass(frozen=True, slots=True)
class Disk:
    """Counts the server's writes of uploads, and refuses those it is told to."""

    control: mmap.mmap

    def refuse_one(self, number: int, error: int = errno.EIO) -> None:
        CONTROL.pack_into(self.control, 0, 0, number, error)

    def refuse_from(self, number: int) -> None:
        """As a disk does that became full."""
        CONTROL.pack_into(self.control, 0, 0, -number, errno.ENOSPC)

    def allow(self) -> int:
        """Every write again; how many there were since something was refused."""
        writes, _refused, _error = CONTROL.unpack_from(self.control)
        CONTROL.pack_into(self.control, 0, 0, 0, 0)
        return int(writes)


@contextmanager
def refusable_disk(folder: Path, media: Path) -> Iterator[tuple[Disk, Mapping[str, str]]]:
    """And the settings that a site is started with to be under it."""
    folder.mkdir(parents=True, exist_ok=True)
    control = folder / "control"
    control.write_bytes(bytes(CONTROL.size))
    environment = {
        "LD_PRELOAD": str(built(WRITES, folder)),
        "FAULTS_UNDER": str(media),
        "FAULTS_CONTROL": str(control),
    }
    with control.open("r+b") as file, mmap.mmap(file.fileno(), CONTROL.size) as shared:
        yield Disk(shared), environment


@dataclass(frozen=True, slots=True)
class Clock:
    control: mmap.mmap

    def shift(self, by_s: int) -> None:
        struct.pack_into("l", self.control, 0, by_s)


@contextmanager
def shiftable_clock(folder: Path) -> Iterator[tuple[Clock, Mapping[str, str]]]:
    folder.mkdir(parents=True, exist_ok=True)
    control = folder / "clock"
    control.write_bytes(bytes(struct.calcsize("l")))
    environment = {"LD_PRELOAD": str(built(CLOCK, folder)), "CLOCK_SHIFT": str(control)}
    with control.open("r+b") as file, mmap.mmap(file.fileno(), 0) as shared:
        yield Clock(shared), environment


SMALL_DISK = ["sh", "-c", 'mount -t tmpfs -o "size=$SMALL_DISK_BYTES" tmpfs "$DATA_DIR/media" && exec "$@"', "sh"]
OF_ITS_OWN = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--"]


def can_mount(folder: Path) -> bool:
    """Whether this machine lets a process have a disk of its own."""
    media = folder / "media"
    media.mkdir(parents=True)
    command = [*OF_ITS_OWN, *SMALL_DISK, "true"]
    environment = os.environ | {"DATA_DIR": str(folder), "SMALL_DISK_BYTES": "1m"}
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def media_seen_by(site: UploadSite) -> Path:
    """The media folder as the server sees it, on the disk of its own."""
    return Path(f"/proc/{site.pid}/root{site.media}")
