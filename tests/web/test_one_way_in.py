"""Jobs are made, worked on and rung for in one place each, so that nothing can be enqueued past the rules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
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
    "Shard.objects.bulk_create": set(),
    "rows.add": {"jobs/services.py"},
    "rows.update": {"jobs/services.py"},
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


STATEFUL = ("Job", "Shard", "Stage")
WRITES = ("update", "create", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "dict", "setattr")
SQL_UPDATE = re.compile(r"UPDATE jobs_\w+ SET\b.*\bstate =", re.DOTALL)
HOLD_THE_LOCKS = {"jobs/services.py", "jobs/releases.py", "jobs/dispatch.py", "jobs/claims.py"}


def test_states_are_written_only_by_the_modules_that_hold_the_locks() -> None:
    """Uploads have states of their own, and the pipeline has none."""
    of_jobs = [(module, tree) for module, tree in sources() if not module.startswith(("uploads/", "pipeline/"))]

    writing = {module for module, tree in of_jobs if any(map(writes_a_state, ast.walk(tree)))}

    assert writing == HOLD_THE_LOCKS


def writes_a_state(node: ast.AST) -> bool:
    """Whether it may set a field `state`, by whatever way there is; values kept aside for a write count as one."""
    if isinstance(node, ast.Call):
        name = name_of(node.func).rpartition(".")[2]
        names_it = any(keyword.arg == "state" for keyword in node.keywords)
        return (name in (*WRITES, *STATEFUL) and names_it) or (name in WRITES and holds_the_name(node))
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        is_set = any(isinstance(part, ast.Attribute) and part.attr == "state" for part in written_to(targets))
        return is_set or (isinstance(node.value, ast.Dict) and "state" in keys_of(node.value))
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(SQL_UPDATE.search(node.value))


def holds_the_name(call: ast.Call) -> bool:
    """Whether "state" stands somewhere in its arguments: as a key, or in a list of fields."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(isinstance(part, ast.Constant) and part.value == "state" for each in values for part in ast.walk(each))


def written_to(targets: Sequence[ast.expr]) -> Iterator[ast.expr]:
    for target in targets:
        yield from target.elts if isinstance(target, ast.Tuple | ast.List) else [target]


def keys_of(literal: ast.Dict) -> set[object]:
    return {key.value for key in literal.keys if isinstance(key, ast.Constant)}


@pytest.mark.parametrize(
    "written",
    [
        'jobs.update(state="done")',
        'Job.objects.filter(id=1).update(name="a", state=JobState.DONE)',
        'Shard.objects.filter(id=1).update(**{"state": "done"})',
        'held = {"state": "done"}\nshards.update(**held)',
        'held = dict(state="done")\nshards.update(**held)',
        'Job.objects.bulk_update(jobs, ["state"])',
        'Job.objects.bulk_update(jobs, fields=("name", "state"))',
        'Job.objects.update_or_create(id=1, defaults={"state": "done"})',
        'Job(id=1, state="done").save()',
        'job.state = "done"',
        'self.shard.state, other = "done", 1',
        'setattr(job, "state", "done")',
        'cursor.execute("UPDATE jobs_job SET state = 1")',
    ],
)
def test_no_way_of_writing_a_state_is_overlooked(written: str) -> None:
    assert any(map(writes_a_state, ast.walk(ast.parse(written))))


@pytest.mark.parametrize(
    "read", ['jobs.filter(state="done")', 'Q(state="done")', 'job.state == "done"', "values_list('state')"]
)
def test_reading_a_state_is_not_writing_it(read: str) -> None:
    assert not any(map(writes_a_state, ast.walk(ast.parse(read))))


def test_shards_are_made_by_their_manager_nowhere() -> None:
    making = {
        module
        for module, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node.func).endswith("shards.create")
    }

    assert not making
