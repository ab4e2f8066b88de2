"""Every file that the site keeps for people is kept, read and lent to programs here, sealed where keys are set.

Plain files from before there were keys are read like the others; `manage.py reencrypt` seals them. Once a file's row
says that it was sealed, a plain one in its place is somebody else's and is not read.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from pipeline.errors import DiskFull, FileDamaged, FileInUse, KeyMissing, StorageError, VaultError
from pipeline.vault import copies, known, reading, sealing
from pipeline.vault.keys import KeyRing
from pipeline.vault.reading import StoredFile
from pipeline.vault.sealing import Tell
from uploads import files

logger = structlog.get_logger(__name__)
NOT_SEALED = "a plain file lies in the place of a sealed one"


def never() -> bool:
    """For `was_sealed` of a file that is not kept yet."""
    return False


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a kept file lies, and what it is: sealed as one object, it opens as no other.

    `was_sealed` is what its row says, asked only of a file that lies in clear.
    """

    path: Path
    object_id: str
    was_sealed: Callable[[], bool] = never


def key_ring() -> KeyRing | None:
    ring: KeyRing | None = settings.ENCRYPTION_KEY_RING
    return ring


def opened(stored: Stored) -> StoredFile:
    """Raises FileNotFoundError, KeyMissing, FileDamaged, StorageError."""
    with reported(stored):
        for _look in range(2):  # it may be sealed between the first look at the file and that at the row
            with ExitStack() as closing:
                file = closing.enter_context(reading.opened(stored.path, stored.object_id, key_ring()))
                if file.is_sealed or not stored.was_sealed():
                    closing.pop_all()
                    return file
        raise FileDamaged(NOT_SEALED)


def exists(stored: Stored) -> bool:
    return stored.path.is_file()


def is_sealed(stored: Stored) -> bool:
    """Raises FileNotFoundError, StorageError."""
    with reported(stored):
        return reading.is_sealed(stored.path)


def keep(source: Path, stored: Stored) -> bool:
    """Moves a finished plain file to its place; whether it is sealed there. Raises DiskFull, StorageError."""
    ring = key_ring()
    if ring is None:
        with reported(stored):
            shutil.move(source, stored.path)
    else:
        seal(source, stored, ring)
        source.unlink()
    return ring is not None


def seal(source: Path, stored: Stored, ring: KeyRing) -> None:
    """Writes a finished plain file, sealed, to its place; it stays where it is, too. Raises DiskFull, StorageError."""
    with reported(stored):
        _require_room(stored.path.parent, source.stat().st_size)
        sealing.seal(source, stored.path, stored.object_id, ring)
        # `manage.py reencrypt` of a newer key may have ended meanwhile, without knowing of this file.
        known.note(Path(settings.DATA_DIR), ring.current)


def room_bytes(size_bytes: int) -> int:
    """What a file takes at most while it is taken in: a sealed one lies there twice for a moment."""
    return size_bytes if key_ring() is None else 2 * size_bytes


@contextmanager
def plaintext(stored: Stored, between: Tell = sealing.nothing) -> Iterator[Path]:
    """A path that programs can read while this lasts: the plain file itself, or a private copy of a sealed one.

    A pipe would not do: ffmpeg jumps to and fro in a film. Where there is no file, the programs say so. `between` is
    called now and then while the copy is made, and may raise. Raises KeyMissing, FileDamaged, DiskFull, StorageError.
    """
    with ExitStack() as stack:
        with reported(stored):
            path = stack.enter_context(_lent(stored, between))
        yield path


@contextmanager
def _lent(stored: Stored, between: Tell) -> Iterator[Path]:
    if not stored.path.exists():
        yield stored.path
        return
    with sealing.held(stored.path) as is_sealed_now:
        if not is_sealed_now and stored.was_sealed():
            raise FileDamaged(NOT_SEALED)
        if not is_sealed_now:
            yield stored.path
            return
    folder = plain_root() / stored.object_id.replace("/", "-")
    with copies.lent(folder, lambda target: _unseal(stored, target, between), between) as path:
        yield path


def plain_root() -> Path:
    """Nobody else may look in here."""
    return Path(settings.DATA_DIR) / "tmp" / "plain"


def remove_left_copies() -> int:
    """What killed processes left of their plaintexts; how many there were."""
    removed = copies.remove_left(plain_root())
    if removed:
        logger.warning("plaintext_left_behind_removed", count=removed)
    return removed


def _unseal(stored: Stored, target: Path, between: Tell) -> None:
    _require_room(target.parent, stored.path.stat().st_size)
    sealing.unseal(stored.path, target, stored.object_id, key_ring(), between)


def _require_room(folder: Path, size_bytes: int) -> None:
    if shutil.disk_usage(folder).free - size_bytes < settings.FREE_SPACE_RESERVE_BYTES:
        raise files.disk_full()


@contextmanager
def reported(stored: Stored) -> Iterator[None]:
    """The operator's log gets the path and the reason; whoever asked gets a sentence without either."""
    try:
        yield
    except FileNotFoundError:
        raise
    except VaultError as error:
        logger.error("stored_file_not_opened", path=str(stored.path), code=error.code, reason=str(error))
        raise _sentence(error) from error
    except DiskFull as error:
        raise files.disk_full() from error
    except StorageError as error:
        logger.error("stored_file_refused", path=str(stored.path), reason=str(error))
        raise StorageError(_("The server could not keep the file; tell its administrator.")) from error
    except OSError as error:
        raise files.refusal(error) from error


def _sentence(error: VaultError) -> VaultError:
    if isinstance(error, KeyMissing):
        return KeyMissing(_("The server has no key for this file; tell its administrator."))
    if isinstance(error, FileInUse):
        return FileInUse(_("The file is in use; try again later."))
    return FileDamaged(_("The file was damaged on the server's disk and cannot be read; tell its administrator."))
