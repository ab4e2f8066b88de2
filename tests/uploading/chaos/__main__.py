"""The table of faults done to uploads: `python -m tests.uploading.chaos [--short] [WORD …]`; 1 when one falls short."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.uploading.chaos.fault import Scale
from tests.uploading.chaos.table import FAULTS, line_of
from tests.uploading.site import Template

REPORT = Path("build/bench/chaos_uploads.json")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.uploading.chaos", description=__doc__)
    parser.add_argument("words", nargs="*", help="only faults with one of these words in their name")
    parser.add_argument("--short", action="store_true", help="few repetitions")
    arguments = parser.parse_args()
    scale = Scale.SHORT if arguments.short else Scale.FULL
    chosen = [fault for fault in FAULTS if not arguments.words or any(word in fault.name for word in arguments.words)]
    with TemporaryDirectory(prefix="dubbing-upload-chaos-template-") as folder:
        template = Template.prepare(Path(folder))
        lines = []
        for fault in chosen:
            lines.append(line_of(fault, template, scale))
            print(lines[-1], flush=True)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}
    known.setdefault(scale.value, {}).update({line.fault: line.to_json() for line in lines})
    REPORT.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 0 if all(line.holds for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
