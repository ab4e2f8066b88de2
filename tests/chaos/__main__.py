"""The table of faults against real processes: `python -m tests.chaos [--short] [ROW …]`; 1 when a row falls short."""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos import template
from tests.chaos.row import Scale
from tests.chaos.rows import ROWS
from tests.chaos.table import Line, run_row

AT_ONCE = {Scale.FULL: 1, Scale.SHORT: 2}
REPORT = Path("build/bench/chaos.json")


def main() -> int:
    arguments = _parser().parse_args()
    scale = Scale.SHORT if arguments.short else Scale.FULL
    rows = arguments.rows or sorted(ROWS)
    lines: list[Line] = []
    with TemporaryDirectory(prefix="dubbing-chaos-template-") as folder, ThreadPoolExecutor(AT_ONCE[scale]) as pool:
        os.environ[template.PATH_VARIABLE] = str(template.prepare(Path(folder)))
        for line in pool.map(lambda number: run_row(number, scale, arguments.kinds), rows):
            print(line, flush=True)
            lines.append(line)
            _save(scale, lines)
    return 0 if all(line.holds for line in lines) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument(
        "rows", nargs="*", type=int, choices=[[], *sorted(ROWS)], help="rows of the table; default: all"
    )
    parser.add_argument("--short", action="store_true", help="few repetitions")
    parser.add_argument("--kinds", nargs="*", default=[], help="only these kinds of site, such as postgres+redis")
    return parser


def _save(scale: Scale, lines: list[Line]) -> None:
    """Rows that were not run keep what an earlier run found."""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}
    known.setdefault(scale.value, {}).update({str(line.number): line.to_json() for line in lines})
    REPORT.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
