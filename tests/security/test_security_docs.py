"""docs/security.md names tests that exist, limits that hold and attacks that are tried."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from accounts.limits.table import ALLOWANCES, Limit
from dubbing_site.environment import Environment
from tests.security.attack.table import ATTACKS
from tests.security.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_named_test_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))

    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_there_are_rows_to_check() -> None:
    assert len(NAMED) > 40


def test_every_limit_is_documented_with_its_numbers() -> None:
    shown = {name: (most.strip(), within.strip()) for name, most, within in ROW.findall(PAGE)}

    assert shown == {limit.value: numbers(limit) for limit in Limit}


def numbers(limit: Limit) -> tuple[str, str]:
    allowance = ALLOWANCES[limit]
    setting = allowance.most_or_setting
    most = str(setting) if isinstance(setting, int) else f"{default_of(setting)} (`{setting}`)"
    return most, f"{allowance.within_s // 60} min"


def default_of(setting: str) -> str:
    default: str = Environment.__dataclass_fields__[setting.lower()].metadata["default"]
    return default


def test_every_attack_is_documented() -> None:
    shown = re.findall(r"^\| ([^|`]+) \| ([^|`]+) \|$", PAGE, re.MULTILINE)

    assert {(attack.name, attack.promise) for attack in ATTACKS} <= {(name, told) for name, told in shown}


def test_all_strange_input_is_documented() -> None:
    shown = set(re.findall(r"^\| ([^|`]+) \| ([\d,]+) \| ([^|`]+) \|$", PAGE, re.MULTILINE))

    assert {(target.name, f"{target.cases:,}", target.promise) for target in TARGETS} <= shown
