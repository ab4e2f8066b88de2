"""Strange input until every target had its cases: `python -m tests.security.fuzz [--minutes N] [--seed N] [WORD …]`.

A line a target: `well`, `FOUND` with what went wrong (then it ends with 1), or `SHORT` where the time did not do.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()  # before anything that needs models

from tests.security.fuzz.effort import Effort, Found, Target  # noqa: E402
from tests.security.fuzz.targets import TARGETS  # noqa: E402
from tests.security.telling import told_every_minute  # noqa: E402

SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.security.fuzz", description=__doc__)
    parser.add_argument("words", nargs="*", help="only targets with one of these words in their name")
    parser.add_argument("--minutes", type=float, default=60.0, help="at most, for all targets together")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the same seed gives the same cases")
    arguments = parser.parse_args()
    chosen = [each for each in TARGETS if not arguments.words or any(word in each.name for word in arguments.words)]
    ends_s = time.monotonic() + arguments.minutes * 60
    print(f"seed {arguments.seed}", flush=True)
    is_well = True
    for number, target in enumerate(chosen):
        share_s = (ends_s - time.monotonic()) / (len(chosen) - number)  # what one leaves is the others'
        found = _run(target, Effort(arguments.seed, target.cases, share_s))
        is_well = is_well and not found.wrong
    return 0 if is_well else 1


def _run(target: Target, effort: Effort) -> Found:
    found, began_s = Found(), time.monotonic()

    def state() -> str:
        return f"{target.name} | {found.cases:,} of {target.cases:,} | {len(found.wrong)} wrong"

    with TemporaryDirectory(prefix="dubbing-fuzz-", ignore_cleanup_errors=True) as folder, told_every_minute(state):
        target.run(effort, Path(folder), found)
    word = "FOUND" if found.wrong else "well " if found.cases >= target.cases else "SHORT"
    took_minutes = (time.monotonic() - began_s) / 60
    print(f"{word} {state()} | {took_minutes:.1f} min: {found} | promise: {target.promise}")
    print("".join(f"      {wrong}\n" for wrong in found.wrong[:SHOWN]), end="", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
