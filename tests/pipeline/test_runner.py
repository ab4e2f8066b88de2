"""The runner child stays for many requests, tells that it lives, and ends itself when nobody wants its work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from pipeline import processes
from pipeline.settings import DubSettings
from tests.demo_video import LINES, make_video

PATIENCE_S = 60.0
# The runner with other work in place of dubbing: the protocol, the lease and the limits are the real ones.
STRANGE = """
import ctypes, sys, time
from pipeline import runner
WORK = {
    "sleep": lambda: time.sleep(600),
    "hold the interpreter": lambda: ctypes.PyDLL(None).sleep(600),
    "eat": lambda: [bytearray(b"x" * 2**22) for _ in iter(lambda: time.sleep(0.01), 0)],
    "ask for too much": lambda: bytearray(2**60),
    "break": lambda: {}["nothing"],
}
runner.perform = lambda request, progress, cancel: WORK[request.order.name]() or {}
runner.main()
"""


class Child:
    """A runner as a worker starts it."""

    def __init__(self, *arguments: str) -> None:
        self.process = processes.start(
            [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def ask(self, **request: Any) -> None:
        self.tell(request)

    def tell(self, line: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()

    def heard(self) -> Iterator[dict[str, Any]]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield json.loads(line)

    def answer(self) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """What it said on the way, and its last word."""
        said: list[dict[str, Any]] = []
        for message in self.heard():
            if message["kind"] in {"result", "error"}:
                return said, message
            said.append(message)
        raise AssertionError(f"no answer; exit status {self.process.wait(PATIENCE_S)}")

    def close(self) -> None:
        processes.end_group(self.process, 0.5)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):  # what it did not read any more
                pipe.close()


@pytest.fixture
def strange() -> Iterator[Child]:
    with started() as child:
        yield child


@pytest.fixture(scope="module")
def lasting() -> Iterator[Child]:
    """For what it survives."""
    with started() as child:
        yield child


@contextmanager
def started() -> Iterator[Child]:
    """One that has done something: loading the pipeline must not count against the leases of the tests."""
    child = Child("-c", STRANGE)
    try:
        child.ask(**request("break"))
        child.answer()
        yield child
    finally:
        child.close()


@pytest.fixture
def dubber() -> Iterator[Child]:
    child = Child("-m", "pipeline.runner")
    yield child
    child.close()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("source") / "talk.mp4", LINES[:2], 8.0, "320x180")


def wait_until(is_so: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < give_up_s
        time.sleep(0.05)


def is_pending(pid: int, number: signal.Signals) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    pending = next(line.split()[1] for line in status.splitlines() if line.startswith("ShdPnd:"))
    return bool(int(pending, 16) & 1 << (number - 1))


def request(work: str = "", folder: Path = Path("/nowhere"), **changes: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "id": "1",
        "kind": "stage",
        "stage": "extract",
        "source": "talk.mp4",
        "settings": DubSettings("es").to_json(),
        "output_dir": str(folder / "output"),
        "workspace_dir": str(folder / "workspace"),
        "name": work,
        "lease_s": 0,
        "said_at_s": time.monotonic(),
        "memory_mib": 0,
    }
    return asked | changes


def test_one_runner_makes_stage_after_stage(dubber: Child, source: Path, tmp_path: Path) -> None:
    for number, stage in enumerate(["extract", "transcribe"]):
        dubber.ask(**request("talk.mp4", tmp_path, id=str(number), stage=stage, source=str(source)))

        said, answer = dubber.answer()

        assert (answer["id"], answer["kind"]) == (str(number), "result")
        assert answer["data"]["stage"] == stage
        assert {message["stage"] for message in said if message["kind"] != "heartbeat"} == {stage}
    assert (tmp_path / "workspace/transcribe/transcript.json").exists()


def test_a_request_nobody_can_read_is_refused_and_the_next_one_done(
    dubber: Child, source: Path, tmp_path: Path
) -> None:
    lines: list[Any] = [[], {"id": "x"}, request(kind="dance"), request(settings={"colour": "red"}), "talk"]
    for line in lines:
        dubber.tell(line)
        assert dubber.answer()[1]["data"] == {"code": "input.settings"}

    dubber.ask(**request("talk.mp4", tmp_path, source=str(source)))

    assert dubber.answer()[1]["kind"] == "result"


def test_a_fault_in_the_program_is_told_as_one(lasting: Child) -> None:
    lasting.ask(**request("break"))

    assert lasting.answer()[1]["data"] == {"code": "error"}


def test_working_it_beats_every_second_and_tells_its_memory(strange: Child) -> None:
    strange.ask(**request("sleep"))

    beats = [message for message, _ in zip(strange.heard(), range(3), strict=False)]

    assert [beat["kind"] for beat in beats] == ["heartbeat"] * 3
    assert all(beat["data"]["rss_mib"] > 10 for beat in beats)


@pytest.mark.parametrize("work", ["sleep", "hold the interpreter"])
def test_without_a_sign_of_life_it_ends_itself(strange: Child, work: str) -> None:
    strange.ask(**request(work, lease_s=2))
    asked_s = time.monotonic()

    status = strange.process.wait(PATIENCE_S)

    assert status in {-signal.SIGKILL, -signal.SIGALRM}
    assert 1.5 < time.monotonic() - asked_s < 5


def test_signs_of_life_keep_it_at_work_beyond_its_lease(strange: Child) -> None:
    strange.ask(**request("sleep", lease_s=2))

    for _beat in zip(strange.heard(), range(5), strict=False):
        strange.tell({"alive": True, "said_at_s": time.monotonic()})

    assert strange.process.poll() is None


def test_a_runner_that_was_stopped_past_its_lease_does_nothing_when_it_is_woken(strange: Child) -> None:
    strange.ask(**request("sleep", lease_s=1))
    next(strange.heard())
    os.kill(strange.process.pid, signal.SIGSTOP)
    strange.tell({"alive": True, "said_at_s": time.monotonic()})  # nobody reads it before the alarm

    wait_until(lambda: is_pending(strange.process.pid, signal.SIGALRM))
    os.kill(strange.process.pid, signal.SIGCONT)

    assert strange.process.wait(PATIENCE_S) in {-signal.SIGKILL, -signal.SIGALRM}


def test_without_work_it_waits_beyond_any_lease(lasting: Child) -> None:
    lasting.ask(**request("break", lease_s=2))
    lasting.answer()

    with pytest.raises(subprocess.TimeoutExpired):
        lasting.process.wait(4)


def test_more_memory_than_it_may_have_ends_it_with_the_reason(strange: Child) -> None:
    strange.ask(**request("eat", memory_mib=300))

    assert strange.answer()[1]["data"] == {"code": "pipeline.out_of_memory"}
    assert strange.process.wait(PATIENCE_S) == -signal.SIGKILL


def test_memory_that_nobody_has_is_refused(lasting: Child) -> None:
    lasting.ask(**request("ask for too much"))

    assert lasting.answer()[1]["data"] == {"code": "pipeline.out_of_memory"}


def test_it_ends_with_whoever_started_it(strange: Child) -> None:
    assert strange.process.stdin is not None

    strange.process.stdin.close()

    assert strange.process.wait(PATIENCE_S) == 0
