"""Every write of every stage fails with ENOSPC and with EIO: the pipeline's own tests of it, counted here."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.chaos.row import Outcome, Scale
from tests.chaos.site import Site

TESTS = "tests/pipeline/test_full_disk.py"


def run(site: Site, scale: Scale) -> Outcome:
    command = [sys.executable, "-m", "pytest", TESTS, "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    if scale == Scale.FULL:
        environment["EVERY_WRITE"] = "1"
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines() or [done.stderr]
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", lines[-1])}
    figure = ", ".join(f"{count} {word}" for word, count in counts.items()) or lines[-1]
    holds = done.returncode == 0 and counts.get("passed", 0) > 0 and not counts.get("skipped")
    failures = tuple(line for line in lines if line.startswith(("FAILED", "ERROR")))
    return Outcome(holds, figure, details=failures)
