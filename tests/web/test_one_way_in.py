"""Jobs are made, worked on and rung for in one place each, so that nothing can be enqueued past the rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

APPS = ("accounts", "dubbing_site", "jobs", "library", "pipeline", "uploads")
# What makes a doorbell, a shard or a job, or changes a state, and the only modules that may.
RESERVED = {
    "async_task": {"jobs/doorbell.py"},
    "ring": {"jobs/doorbell.py", "jobs/chain.py", "jobs/dispatch.py"},
    "Shard": {"jobs/chain.py"},
    "add_shards": {"jobs/chain.py"},
    "Job": {"jobs/dispatch.py"},
    "Job.objects.create": {"jobs/dispatch.py"},
    "Shard.objects.create": set(),
    "Job.objects.bulk_create": set(),
    "Shard.objects.bulk_create": {"jobs/services.py"},
    "chain.begin": {"jobs/dispatch.py"},
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    root = Path(settings.BASE_DIR)
    for path in (path for app in APPS for path in (root / app).rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(root).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def name_of(called: ast.expr) -> str:
    """`a.b.c` as it is written; empty for anything that is not made of names."""
    if isinstance(called, ast.Name):
        return called.id
    if isinstance(called, ast.Attribute):
        return f"{name_of(called.value)}.{called.attr}"
    return ""


@pytest.fixture(scope="module")
def calls() -> dict[str, set[str]]:
    """By what is called, the modules in which it is."""
    found: dict[str, set[str]] = {}
    for module, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = name_of(node.func)
                for known in {name, name.rpartition(".")[2]}:
                    found.setdefault(known, set()).add(module)
    return found


@pytest.mark.parametrize("name", RESERVED)
def test_only_its_own_modules_call(calls: dict[str, set[str]], name: str) -> None:
    assert calls.get(name, set()) <= RESERVED[name]


def test_the_names_looked_for_are_in_use(calls: dict[str, set[str]]) -> None:
    assert {name for name in RESERVED if RESERVED[name] and name != "Job"} <= calls.keys()


def test_a_state_is_assigned_in_the_function_that_checks_transitions() -> None:
    assigning = {
        module
        for module, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if name_of(target) in ("job.state", "shard.job.state")
    }

    assert assigning == {"jobs/services.py"}


def test_states_are_written_in_bulk_only_by_the_modules_that_hold_the_locks() -> None:
    writing = {
        module
        for module, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node.func).rpartition(".")[2] in ("update", "create", "get_or_create")
        if any(keyword.arg == "state" for keyword in node.keywords) and module.startswith("jobs/")
    }

    assert writing <= {"jobs/services.py", "jobs/releases.py", "jobs/dispatch.py"}


def test_shards_are_made_by_their_manager_nowhere() -> None:
    making = {
        module
        for module, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node.func).endswith("shards.create")
    }

    assert not making
