"""Strange input for MINUTES minutes: `python -m tests.security.fuzz [--minutes N] [--seed N] [WORD …]`; 1 on a find."""

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

from tests.security.fuzz.effort import Effort  # noqa: E402
from tests.security.fuzz.targets import TARGETS  # noqa: E402

ENDLESS = 10**9


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.security.fuzz", description=__doc__)
    parser.add_argument("words", nargs="*", help="only targets with one of these words in their name")
    parser.add_argument("--minutes", type=float, default=10.0, help="for all targets together")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the same seed gives the same cases")
    arguments = parser.parse_args()
    chosen = [each for each in TARGETS if not arguments.words or any(word in each.name for word in arguments.words)]
    effort = Effort(arguments.seed, ENDLESS, arguments.minutes * 60 / max(1, len(chosen)))
    print(f"seed {arguments.seed}", flush=True)
    is_well = True
    for target in chosen:
        with TemporaryDirectory(prefix="dubbing-fuzz-", ignore_cleanup_errors=True) as folder:
            found = target.run(effort, Path(folder))
        print(f"{'well ' if not found.wrong else 'FOUND'} {target.name} | {found} | promise: {target.promise}")
        print("".join(f"      {wrong}\n" for wrong in found.wrong[:20]), end="", flush=True)
        is_well = is_well and not found.wrong
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
