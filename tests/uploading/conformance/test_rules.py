"""Our server keeps every rule of tus 1.0.0 and of the extensions it announces."""

from __future__ import annotations

import pytest

from tests.uploading.conformance.rule import Rule
from tests.uploading.conformance.rules import RULES
from tests.uploading.conformance.table import PAGE, page
from tests.uploading.site import UploadSite


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_of_the_protocol_is_kept(upload_site: UploadSite, rule: Rule) -> None:
    rule.check(upload_site)


def test_the_documented_table_is_the_tested_one() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.uploading.conformance --write"


def test_rules_are_told_apart_by_their_names() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert len({rule.test for rule in RULES}) == len(RULES)
