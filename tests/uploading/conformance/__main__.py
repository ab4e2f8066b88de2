"""`python -m tests.uploading.conformance`: every rule and the comparison with the reference; 1 when one fails."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.uploading.conformance.case import compare, open_servers
from tests.uploading.conformance.cases import CASES
from tests.uploading.conformance.rules import RULES
from tests.uploading.conformance.table import PAGE, line_of, page
from tests.uploading.site import Template, running_site


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.uploading.conformance", description=__doc__)
    parser.add_argument("--write", action="store_true", help="only write docs/tus-conformance.md")
    if parser.parse_args().write:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    with TemporaryDirectory(prefix="dubbing-tus-") as name, ExitStack() as stack:
        folder = Path(name)
        template = Template.prepare(folder / "template")
        site = stack.enter_context(running_site(folder / "site", template))
        kept = 0
        for rule in RULES:
            line = line_of(rule, site)
            kept += not line.failure
            print(line, flush=True)
        servers = open_servers(stack, site, folder / "reference")
        found = [compare(case, servers) for case in CASES]
        print("\nBeside @tus/server 2.4.5:", *found, sep="\n")
    agreed = sum(compared.is_as_expected for compared in found)
    differing = sum(case.ours is not None for case in CASES)
    print(f"\n{kept} of {len(RULES)} rules kept; {agreed} of {len(CASES)} answers as expected, {differing} on purpose")
    return 0 if kept == len(RULES) and agreed == len(CASES) else 1


if __name__ == "__main__":
    sys.exit(main())
