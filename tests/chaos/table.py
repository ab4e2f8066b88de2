"""Runs rows of the table, each on each of its kinds of site in a process of its own, and words what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.chaos.row import Outcome, Row, Scale, SiteKind
from tests.chaos.rows import ROWS

SHOWN_DETAILS = 5


@dataclass(frozen=True, slots=True)
class Line:
    """A row's line in the table."""

    number: int
    fault: str
    target: str
    took_s: float
    outcomes: dict[str, Outcome]

    @property
    def holds(self) -> bool:
        return bool(self.outcomes) and all(outcome.holds for outcome in self.outcomes.values())

    def __str__(self) -> str:
        figures = "; ".join(f"{kind}: {outcome.figure}" for kind, outcome in self.outcomes.items())
        word = "ok   " if self.holds else "SHORT"
        told = f"{self.number:2} {word} {self.fault} | {figures} | target: {self.target} | {self.took_s:.0f} s"
        details = [detail for outcome in self.outcomes.values() for detail in outcome.details]
        return "\n     ".join([told, *details[:SHOWN_DETAILS]])

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"holds": self.holds}


def run_row(number: int, scale: Scale, only: Collection[str] = ()) -> Line:
    row = ROWS[number]
    began_s = time.monotonic()
    kinds = [kind for kind in row.kinds if kind.name in only] if only else row.kinds_at(scale)
    outcomes = {kind.name: _outcome(row, kind, scale) for kind in kinds}
    return Line(number, row.fault, row.target, time.monotonic() - began_s, outcomes)


def _outcome(row: Row, kind: SiteKind, scale: Scale) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="dubbing-chaos-result-") as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "tests.chaos.one_row", str(row.number), kind.name, scale.value, str(result)]
        bound = ["setpriv", "--pdeathsig", "TERM", "--", *command]  # a row does not go on without its table
        try:
            done = subprocess.run(bound, capture_output=True, text=True, check=False, timeout=row.within_s)
        except subprocess.TimeoutExpired:
            return Outcome(holds=False, figure=f"did not end within {row.within_s:.0f} s")
        if not result.exists():
            lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
            return Outcome(holds=False, figure="broke", details=(" / ".join(lines[-3:]),))
        fields = json.loads(result.read_text(encoding="utf-8"))
        return Outcome(**(fields | {"details": tuple(fields["details"])}))
