"""A request that our server and the reference are both asked, and what their answers should have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.uploading.answers import Answer
from tests.uploading.reference import running_reference
from tests.uploading.site import UploadSite
from tests.uploading.tus import Tus

MAX_BYTES = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Servers:
    """Ours and the reference, with a way to make an upload's time be over on each."""

    site: UploadSite
    ours: Tus
    reference: Tus
    short_lived_reference: Tus  # its uploads expire at once


@dataclass(frozen=True, slots=True)
class Case:
    """`send` brings about the situation and gives the answer that counts. With `why_not`, ours differs on purpose:
    `ours` is the status it has instead.
    """

    id: str
    send: Callable[[Tus], Answer]
    headers: tuple[str, ...] = ()  # which both answers have, or both have not
    ours: int | None = None
    why_not: str = ""
    is_expired: bool = False  # `send` is given the path of an expired upload in place of the creation path


@dataclass(frozen=True, slots=True)
class Compared:
    case: Case
    ours: Answer
    reference: Answer

    @property
    def is_as_expected(self) -> bool:
        if self.case.ours is not None:
            return self.ours.status == self.case.ours
        have = all((name in self.ours.headers) == (name in self.reference.headers) for name in self._names)
        return have and self.ours.status == self.reference.status

    @property
    def _names(self) -> Iterable[str]:
        return (name.lower() for name in self.case.headers)

    def __str__(self) -> str:
        word = "ok  " if self.is_as_expected else "FAIL"
        told = f"{word} {self.case.id}: @tus/server {self.reference.status}, ours {self.ours.status}"
        lacking = [name for name in self._names if (name in self.ours.headers) != (name in self.reference.headers)]
        told += f" (one without {', '.join(lacking)})" if lacking and self.case.ours is None else ""
        return told + (f" — {self.case.why_not}" if self.case.why_not else "")


def compare(case: Case, servers: Servers) -> Compared:
    if not case.is_expired:
        return Compared(case, _answer(case, servers.ours), _answer(case, servers.reference))
    path = servers.ours.create(100)
    servers.site.expire(path.rsplit("/", 1)[-1])
    short = servers.short_lived_reference
    ours = Tus(servers.ours.address, path, servers.ours.who)
    return Compared(case, _answer(case, ours), _answer(case, Tus(short.address, short.create(100))))


def _answer(case: Case, tus: Tus) -> Answer:
    """Status 0 when not even the way to the situation worked."""
    try:
        return case.send(tus)
    except AssertionError as error:
        return Answer(0, {}, str(error).encode())


def open_servers(stack: ExitStack, site: UploadSite, folder: Path) -> Servers:
    """Both references, beside a site that runs."""
    reference = stack.enter_context(running_reference(folder / "lasting", max_bytes=MAX_BYTES))
    short = stack.enter_context(running_reference(folder / "short", max_bytes=MAX_BYTES, expires_ms=1))
    return Servers(site, site.tus(), reference, short)
