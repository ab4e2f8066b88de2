"""The folder a dub lives in: one folder a stage, and a record of what each stage was made from.

A stage whose fingerprint (a hash of its inputs, settings and engine identity) equals the recorded one, and whose
outputs are all there, is not run again. The record is written last, so a killed stage has none.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

from pipeline.errors import WorkspaceBusy
from pipeline.progress import StageName
from pipeline.storage import PARTIAL_SUFFIX, make_folder, storage_errors, write_json

# Of the records and of the files they name: records of another version count as none, so their stages run again.
# Journals and clips are kept by what they were made from and survive.
SCHEMA_VERSION = 2
HASHED_WHOLE_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Output:
    """A file a stage wrote; `digest` changes when its content may have."""

    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class StageRecord:
    stage: StageName
    fingerprint: str
    inputs: dict[str, Any]
    outputs: dict[str, Output]  # by file name inside the stage's folder
    duration_s: float
    schema_version: int = SCHEMA_VERSION


class Workspace:
    """Owns `root` while open: a second dub in the same folder gets WorkspaceBusy.

    `shared` in place of `with workspace` is for parts of one stage, which may own it together.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._lock = self._locked(".lock", fcntl.LOCK_EX)
        self._remove_partials()
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Owned together with other parts, and with nobody else. Raises WorkspaceBusy."""
        with self._locked(".lock", fcntl.LOCK_SH):
            yield

    @contextmanager
    def only_one(self, name: str) -> Iterator[None]:
        """Whatever `name` stands for is done by us alone. Raises WorkspaceBusy."""
        with self._locked(f".lock-{name}", fcntl.LOCK_EX):
            yield

    def _locked(self, name: str, kind: int) -> IO[bytes]:
        """The kernel lets go of it when the process that holds it ends, however it ends."""
        make_folder(self.root)
        with storage_errors(self.root):
            lock = open(self.root / name, "ab")  # noqa: SIM115 - whoever asked closes it
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise WorkspaceBusy(f"another dub is running in {self.root}; wait for it or use --work") from None
        return lock

    def folder(self, stage: StageName) -> Path:
        folder = self.root / stage.value
        with storage_errors(self.root):
            folder.mkdir(exist_ok=True)
        return folder

    def path(self, stage: StageName, name: str) -> Path:
        return self.folder(stage) / name

    def record(self, stage: StageName) -> StageRecord | None:
        """What the stage was last made from; None when it never finished or was written by another version."""
        try:
            data = json.loads((self.root / "records" / f"{stage}.json").read_bytes())
            if data["schema_version"] != SCHEMA_VERSION:
                return None
            outputs = {name: Output(**item) for name, item in data["outputs"].items()}
            return StageRecord(stage, data["fingerprint"], data["inputs"], outputs, data["duration_s"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def drop_record(self, stage: StageName) -> None:
        (self.root / "records" / f"{stage}.json").unlink(missing_ok=True)

    @property
    def has_records(self) -> bool:
        return any((self.root / "records").glob("*.json"))

    def is_whole(self, record: StageRecord) -> bool:
        """Whether every recorded output is still there with its size."""
        paths = ((self.root / record.stage / name, output) for name, output in record.outputs.items())
        return all(path.is_file() and path.stat().st_size == output.size_bytes for path, output in paths)

    def save_record(
        self, stage: StageName, inputs: Mapping[str, Any], outputs: list[str], duration_s: float
    ) -> StageRecord:
        print_ = fingerprint(inputs)
        described = {name: _describe(self.path(stage, name), print_) for name in outputs}
        record = StageRecord(stage, print_, dict(inputs), described, round(duration_s, 3))
        with storage_errors(self.root):
            (self.root / "records").mkdir(exist_ok=True)
        write_json(self.root / "records" / f"{stage}.json", asdict(record))
        return record

    def forget(self) -> None:
        """Drops all that stages made, so that they run again (`--fresh`)."""
        for folder in ("records", *(stage.value for stage in StageName)):
            shutil.rmtree(self.root / folder, ignore_errors=True)

    def _remove_partials(self) -> None:
        for path in self.root.rglob(f"*{PARTIAL_SUFFIX}"):
            path.unlink(missing_ok=True)


class Journal:
    """Results of single segments inside a stage, appended as they come and read back after a stop.

    One JSON object a line: {"key": …, "value": …}. A line torn by a crash is ignored. `also` are journals that are only
    read.
    """

    def __init__(self, path: Path, also: Iterable[Path] = ()) -> None:
        self._path = path
        self._known = {key: value for each in (*also, path) for key, value in _read_journal(each)}
        self._file: IO[str] | None = None

    def get(self, key: str) -> Any | None:
        return self._known.get(key)

    def put(self, key: str, value: Any) -> None:
        with storage_errors(self._path.parent):
            if self._file is None:
                self._file = open(self._path, "a", encoding="utf-8")  # noqa: SIM115 - closed by close()
                self._file.write("\n")  # ends a line a crash may have torn
            self._file.write(json.dumps({"key": key, "value": value}, ensure_ascii=False) + "\n")
            self._file.flush()
        self._known[key] = value

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def forget_from(root: Path, stage: StageName) -> None:
    """Has `stage` and those after it run again. Single windows and lines are kept by what they are made from.

    Raises WorkspaceBusy.
    """
    with Workspace(root) as workspace:
        for name in list(StageName)[list(StageName).index(stage) :]:
            workspace.drop_record(name)


def fingerprint(inputs: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of `inputs`."""
    canonical = json.dumps(inputs, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def source_identity(source: Path) -> str:
    """Changes when the file does: size, time of change, and the bytes at both ends (a film is not read whole)."""
    stat = source.stat()
    digest = hashlib.sha256(f"{stat.st_size}:{stat.st_mtime_ns}".encode())
    with source.open("rb") as file:
        digest.update(file.read(2**20))
        if stat.st_size > 2**21:
            file.seek(-(2**20), os.SEEK_END)
            digest.update(file.read(2**20))
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _describe(path: Path, print_: str) -> Output:
    size_bytes = path.stat().st_size
    if size_bytes <= HASHED_WHOLE_BYTES:
        return Output(size_bytes, sha256_of(path))
    return Output(size_bytes, fingerprint({"made_by": print_, "name": path.name, "size": size_bytes}))


def _read_journal(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    entry = json.loads(line)
                    yield entry["key"], entry["value"]
                except (ValueError, KeyError, TypeError):
                    continue
    except FileNotFoundError:
        return
