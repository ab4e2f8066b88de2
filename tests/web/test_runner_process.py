"""A worker's runner is kept from request to request, and replaced when it is worn, broken or gone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.runner_process import REQUESTS_MAX, Request, RunnerProcess
from pipeline.settings import DubSettings

PATIENCE_S = 30.0
# Tells its process number in its answer; what the source is called says how it answers.
ANSWERING = """
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)
    name = asked.get("name")
    if name == "die":
        print("out of luck", file=sys.stderr, flush=True)
        os._exit(3)
    if name == "grow":
        kept = bytearray(os.urandom(2**20) * 40)
    said = {"pid": os.getpid(), "code": name} if name != "good" and name != "grow" else {"pid": os.getpid()}
    kind = "error" if "code" in said else "result"
    if name is not None:
        print(json.dumps({"id": "somebody else's", "kind": "result"}))
        print(json.dumps({"id": asked["id"], "kind": kind, "data": said}), flush=True)
"""


@pytest.fixture
def runner() -> Iterator[RunnerProcess]:
    with RunnerProcess([sys.executable, "-c", ANSWERING]) as runner:
        yield runner


def answer(runner: RunnerProcess, name: str, memory_mib: int = 0) -> dict[str, Any]:
    """What it says to a request; empty when it ends without a word."""
    nowhere = Path("/nowhere")
    runner.begin(Request(name, nowhere, DubSettings("es"), nowhere, nowhere, name, memory_mib=memory_mib))
    give_up_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_s:
        has_ended = runner.has_ended
        for message in runner.messages():
            data: dict[str, Any] = message["data"]
            return data
        if has_ended:
            return {}
        runner.wait(0.1)
    raise AssertionError("no answer")


def test_it_is_kept_from_request_to_request(runner: RunnerProcess) -> None:
    first = answer(runner, "good")
    runner.alive()

    assert answer(runner, "input.no_speech")["pid"] == answer(runner, "good")["pid"] == first["pid"]


@pytest.mark.parametrize("code", ["pipeline.out_of_memory", "engine.failed", "error"])
def test_one_that_may_be_broken_is_replaced(runner: RunnerProcess, code: str) -> None:
    broken = answer(runner, code)

    assert answer(runner, "good")["pid"] != broken["pid"]


def test_one_that_has_ended_is_replaced_and_its_last_words_are_known(runner: RunnerProcess) -> None:
    assert answer(runner, "die") == {}
    assert runner.exit_status() == 3
    assert runner.last_words() == "out of luck\n"

    assert answer(runner, "good")["pid"]


def test_one_that_has_grown_is_replaced(runner: RunnerProcess) -> None:
    grown = answer(runner, "grow", memory_mib=60)

    assert answer(runner, "good", memory_mib=1000)["pid"] == grown["pid"]
    assert answer(runner, "good", memory_mib=60)["pid"] != grown["pid"]


def test_one_that_has_not_answered_is_replaced(runner: RunnerProcess) -> None:
    nowhere = Path("/nowhere")
    first = answer(runner, "good")
    runner.begin(Request("unanswered", nowhere, DubSettings("es"), nowhere, nowhere, "good"))

    assert answer(runner, "good")["pid"] != first["pid"]


def test_an_old_one_is_replaced(runner: RunnerProcess) -> None:
    numbers = [answer(runner, "good")["pid"] for _ in range(REQUESTS_MAX + 1)]

    assert len(set(numbers[:-1])) == 1
    assert numbers[-1] != numbers[0]
