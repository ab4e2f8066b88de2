"""One row on one kind of site, in a process of its own: `python -m tests.chaos.one_row NUMBER KIND SCALE RESULT`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from tests.chaos.row import Outcome, Row, Scale, SiteKind
from tests.chaos.rows import ROWS
from tests.chaos.site import Site
from tests.chaos.waiting import TookTooLong
from tests.servers import running_postgres, running_redis

KEEP_VARIABLE = "CHAOS_KEEP"  # a folder to which a site's logs go, to be read afterwards


def run(row: Row, kind: SiteKind, scale: Scale) -> Outcome:
    folder = Path(tempfile.mkdtemp(prefix="dubbing-chaos-"))
    try:
        with ExitStack() as stack:
            redis = stack.enter_context(running_redis()) if kind.has_redis else None
            postgres = stack.enter_context(running_postgres()) if kind.database == "postgres" else None
            site = stack.enter_context(Site.open(folder, redis=redis, postgres=postgres, **row.settings_at(scale)))
            try:
                outcome: Outcome = import_module(f"tests.chaos.rows.{row.module}").run(site, scale)
                return outcome
            except TookTooLong as error:
                return Outcome(holds=False, figure=str(error))
    finally:
        if keep := os.environ.get(KEEP_VARIABLE):
            shutil.copytree(folder, Path(keep) / f"{row.number}-{kind.name}", dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the site's processes are ended on the way out
    number, kind, scale, result = sys.argv[1:]
    outcome = run(ROWS[int(number)], SiteKind.named(kind), Scale(scale))
    Path(result).write_text(json.dumps(asdict(outcome)), encoding="utf-8")


if __name__ == "__main__":
    main()
