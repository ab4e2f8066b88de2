"""Every fault, and its line in the table."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.uploading.chaos import clock, cuts, disk, disorder, kills, probing, slow, writers
from tests.uploading.chaos.fault import Fault, Found, Ground, Scale
from tests.uploading.site import SiteError, Template, UploadSite

FAULTS: tuple[Fault, ...] = (
    cuts.CUT,
    kills.KILLED,
    slow.SLOW,
    slow.STALLED,
    disorder.ANY_ORDER,
    disorder.DAMAGED,
    writers.TWO_WRITERS,
    disk.REFUSED,
    disk.FULL,
    clock.EXPIRED,
    clock.SKEWED,
    probing.HANGING,
)
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Line:
    fault: str
    promise: str
    found: Found
    took_s: float

    @property
    def holds(self) -> bool:
        return not self.found.wrong

    def __str__(self) -> str:
        word = "ok   " if self.holds else "SHORT"
        told = f"{word} {self.fault} | {self.found} | promise: {self.promise} | {self.took_s:.0f} s"
        return "\n      ".join([told, *self.found.wrong[:SHOWN]])

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"holds": self.holds}


def line_of(fault: Fault, template: Template, scale: Scale, running: UploadSite | None = None) -> Line:
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dubbing-upload-chaos-", ignore_cleanup_errors=True) as folder:
        try:
            found = fault.run(Ground(Path(folder), template, scale, running))
        except (SiteError, AssertionError, OSError) as error:
            found = Found([f"{type(error).__name__}: {error}"[:1000]])
    return Line(fault.name, fault.promise, found, time.monotonic() - began_s)
