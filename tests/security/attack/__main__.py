"""The attacks, a line each: `python -m tests.security.attack [--short] [WORD …]`; 1 when one succeeds."""

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

from tests.security.attack.attack import Attack, Scale, line_of  # noqa: E402
from tests.security.attack.ground import Ground, prepared  # noqa: E402
from tests.security.attack.table import ATTACKS  # noqa: E402
from tests.security.telling import told_every_minute  # noqa: E402

PROCESSES = 4


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.security.attack", description=__doc__)
    parser.add_argument("words", nargs="*", help="only attacks with one of these words in their name")
    parser.add_argument("--short", action="store_true", help="few repetitions")
    arguments = parser.parse_args()
    scale = Scale.SHORT if arguments.short else Scale.FULL
    chosen = [each for each in ATTACKS if not arguments.words or any(word in each.name for word in arguments.words)]
    is_well = True
    with (
        TemporaryDirectory(prefix="dubbing-attack-", ignore_cleanup_errors=True) as folder,
        prepared(Path(folder), PROCESSES) as ground,
    ):
        for attack in chosen:
            is_well = _is_refused(attack, ground, scale) and is_well
    return 0 if is_well else 1


def _is_refused(attack: Attack, ground: Ground, scale: Scale) -> bool:
    before, began_s = len(ground.answers), time.monotonic()
    with told_every_minute(lambda: f"{attack.name} | {len(ground.answers) - before:,} answers"):
        tried = attack.run(ground, scale)
    print(f"{line_of(attack, tried)}\n          {time.monotonic() - began_s:.0f} s", flush=True)
    return not tried.succeeded


if __name__ == "__main__":
    sys.exit(main())
