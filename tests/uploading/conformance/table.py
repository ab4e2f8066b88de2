"""The rules and the comparison as tables: on the terminal with what came of them, and in the documentation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.uploading.conformance.cases import CASES
from tests.uploading.conformance.rule import Rule
from tests.uploading.conformance.rules import RULES
from tests.uploading.site import UploadSite

PAGE = Path(__file__).resolve().parents[3] / "docs" / "tus-conformance.md"
HEAD = """# tus 1.0.0, rule by rule

`/files/` speaks [tus 1.0.0](https://tus.io/protocols/resumable-upload) with the extensions creation,
creation-with-upload, expiration, checksum, termination and concatenation. Each rule that binds a server has a test in
`tests/uploading/conformance`; `make conformance-tus` asks them of a running server and prints which are kept. This page
is written by `python -m tests.uploading.conformance --write`.
"""
COMPARED = """
## Beside the reference server

The same requests go to [@tus/server](https://www.npmjs.com/package/@tus/server) 2.4.5 with its file store. Status and
the protocol's headers are the same for these:
"""
DIFFERENT = """
These are answered differently:

| request | ours | why |
|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Line:
    rule: Rule
    failure: str  # "" when the rule is kept

    def __str__(self) -> str:
        word = "FAIL" if self.failure else "ok  "
        return f"{word} {self.rule.id:24} {self.rule.words}" + (f"\n       {self.failure}" if self.failure else "")


def line_of(rule: Rule, site: UploadSite) -> Line:
    return Line(rule, _failure(rule.check, site))


def page() -> str:
    rules = "".join(f"| {rule.id} | {rule.words} | `{rule.test}` |\n" for rule in RULES)
    same = "\n".join(f"- {case.id}" for case in CASES if case.ours is None)
    different = "".join(f"| {case.id} | {case.ours} | {case.why_not} |\n" for case in CASES if case.ours is not None)
    return f"{HEAD}\n| rule | words | test |\n|---|---|---|\n{rules}{COMPARED}\n{same}\n{DIFFERENT}{different}"


def _failure(check: Callable[[UploadSite], None], site: UploadSite) -> str:
    try:
        check(site)
    except Exception as error:  # whatever it is, the rule is not shown to be kept, and the table goes on
        return f"{type(error).__name__}: {error}"[:500]
    return ""
