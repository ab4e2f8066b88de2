"""A stage divided into parts, done in any order, at once, twice or half, is joined to what one run makes; nothing is
recognised or spoken twice.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import pytest

from pipeline import processes
from pipeline.dub import run_stage
from pipeline.errors import SettingsError, WorkspaceBusy
from pipeline.order import Order
from pipeline.parts import run_part, split
from pipeline.progress import CancelToken, Event, EventKind, StageName
from pipeline.settings import DubSettings
from pipeline.stages.base import Part
from pipeline.stages.dividing import divided
from pipeline.stages.synthesize import wording
from pipeline.workspace import Workspace
from tests.demo_video import LINES, make_video
from tests.pipeline.counting import Calls, count_engine_calls

ASKED = DubSettings("es", diarization="off", separation="off")
DIVIDED = (StageName.TRANSCRIBE, StageName.SYNTHESIZE)
CALIBRATION_LINES = 2  # so that there is something left to divide of eight lines
RUNNER = f"""
from pipeline import runner
from pipeline.stages.synthesize import wording
wording.CALIBRATION_LINES = {CALIBRATION_LINES}
runner.main()
"""


class Unheard:
    def emit(self, event: Event) -> None:
        pass


class Heard:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)


@dataclass(frozen=True)
class Bench:
    """One dub up to a stage; what was asked of the engines since."""

    order: Order
    calls: Calls

    def split(self, stage: StageName, parts: int = 3, part_s: float = 3.0) -> list[Part]:
        return split(self.order, stage, parts, part_s, Unheard(), CancelToken())

    def part(self, stage: StageName, part: Part) -> int:
        return run_part(self.order, stage, part, Unheard(), CancelToken())

    def stage(self, stage: StageName) -> None:
        run_stage(self.order, stage, Unheard(), CancelToken())

    def kill_halfway(self, stage: StageName, part: Part) -> None:
        """A runner that is killed as soon as it has done something of the part."""
        child = processes.start(
            [sys.executable, "-c", RUNNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert child.stdin is not None
        assert child.stdout is not None
        request = {
            "id": "1",
            "kind": "part",
            "stage": stage,
            "request": asdict(part),
            "lease_s": 0,
            "said_at_s": 0,
            "memory_mib": 0,
        }
        request |= {"source": str(self.order.source), "settings": ASKED.to_json(), "name": "talk.mp4"}
        request |= {"output_dir": str(self.order.output_dir), "workspace_dir": str(self.order.workspace_dir)}
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.flush()
        next(line for line in child.stdout if json.loads(line)["kind"] == "part_progress")
        tools = psutil.Process(child.pid).children(recursive=True)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        _gone, alive = psutil.wait_procs(tools, timeout=5)
        assert not alive
        child.stdin.close()
        child.stdout.close()


@pytest.fixture(scope="module", autouse=True)
def few_calibration_lines() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wording, "CALIBRATION_LINES", CALIBRATION_LINES)
        yield


@pytest.fixture(scope="module")
def undivided(tmp_path_factory: pytest.TempPathFactory) -> tuple[Order, dict[StageName, Path], Calls]:
    """A dub made in one go, copies of its workspace as it was before each stage that is divided, and what it asked."""
    folder = tmp_path_factory.mktemp("undivided")
    source = make_video(folder / "talk.mp4", LINES, 30.0, "320x180")
    order = Order(source, ASKED, folder / "out", folder / "work")
    before = {}
    with pytest.MonkeyPatch.context() as patch:
        calls = count_engine_calls(patch)
        for last, stage in zip((StageName.EXTRACT, StageName.TRANSLATE), DIVIDED, strict=True):
            run_stage(order, last, Unheard(), CancelToken())
            before[stage] = shutil.copytree(order.workspace_dir, folder / f"before-{stage}")
        run_stage(order, StageName.SYNTHESIZE, Unheard(), CancelToken())
    return order, before, calls


@pytest.fixture
def bench_before(
    undivided: tuple[Order, dict[StageName, Path], Calls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[StageName, Bench]:
    order, before, _calls = undivided
    calls = count_engine_calls(monkeypatch)
    benches = {}
    for stage, folder in before.items():
        workspace = shutil.copytree(folder, tmp_path / f"work-{stage}")
        benches[stage] = Bench(Order(order.source, order.settings, tmp_path / "out", workspace), calls)
    return benches


def assert_same(bench: Bench, undivided: tuple[Order, dict[StageName, Path], Calls], stage: StageName) -> None:
    """The stage's files are those of the undivided run, byte by byte, and the engines were asked as often.

    Later stages are made from the digests of these files, so theirs are the same too.
    """
    order, _before, calls = undivided
    made, wanted = bench.order.workspace_dir, order.workspace_dir
    names = json.loads((wanted / f"records/{stage}.json").read_bytes())["outputs"]
    assert json.loads((made / f"records/{stage}.json").read_bytes())["outputs"] == names
    for name in names:
        assert (made / stage / name).read_bytes() == (wanted / stage / name).read_bytes()
    if stage is StageName.TRANSCRIBE:
        assert len(bench.calls.recognized) == len(calls.recognized)
    else:
        assert sorted(bench.calls.spoken) == sorted(calls.spoken)


@pytest.mark.parametrize("stage", DIVIDED)
def test_parts_in_any_order_make_what_one_run_makes(
    stage: StageName,
    bench_before: dict[StageName, Bench],
    undivided: tuple[Order, dict[StageName, Path], Calls],
) -> None:
    bench = bench_before[stage]
    parts = bench.split(stage)
    assert len(parts) > 1
    random.shuffle(parts)

    made = [bench.part(stage, part) for part in parts]

    assert all(made)
    assert bench.split(stage) == []  # nothing is left to divide
    bench.stage(stage)
    assert_same(bench, undivided, stage)


@pytest.mark.parametrize("stage", DIVIDED)
def test_parts_at_the_same_time_make_what_one_run_makes(
    stage: StageName,
    bench_before: dict[StageName, Bench],
    undivided: tuple[Order, dict[StageName, Path], Calls],
) -> None:
    bench = bench_before[stage]
    parts = bench.split(stage)

    with ThreadPoolExecutor(len(parts)) as pool:
        made = list(pool.map(lambda part: bench.part(stage, part), parts))

    assert all(made)
    bench.stage(stage)
    assert_same(bench, undivided, stage)


@pytest.mark.parametrize("stage", DIVIDED)
def test_a_part_killed_halfway_goes_on_where_it_was(
    stage: StageName,
    bench_before: dict[StageName, Bench],
    undivided: tuple[Order, dict[StageName, Path], Calls],
) -> None:
    bench = bench_before[stage]
    parts = bench.split(stage, parts=2)
    bench.kill_halfway(stage, parts[0])
    done = sum(len(path.read_text().split("\n{")) - 1 for path in bench.order.workspace_dir.rglob("*.part-*.jsonl"))

    again = bench.part(stage, parts[0])
    bench.part(stage, parts[1])

    bench.stage(stage)
    if stage is StageName.TRANSCRIBE:
        assert done > 0
        assert again == parts[0].stop - parts[0].first - done
        bench.calls.recognized.extend([None] * done)  # by the one that was killed
    else:
        assert again < parts[0].stop - parts[0].first  # on a busy machine all of it may be there before it is killed
        bench.calls.spoken.clear()
        bench.calls.spoken.extend(undivided[2].spoken)
    assert_same(bench, undivided, stage)


def test_parts_that_are_left_out_are_made_by_the_stage(
    bench_before: dict[StageName, Bench], undivided: tuple[Order, dict[StageName, Path], Calls]
) -> None:
    bench = bench_before[StageName.TRANSCRIBE]
    first, *_others = bench.split(StageName.TRANSCRIBE)
    bench.part(StageName.TRANSCRIBE, first)

    bench.stage(StageName.TRANSCRIBE)

    assert_same(bench, undivided, StageName.TRANSCRIBE)


def test_a_part_done_twice_asks_no_engine_the_second_time(bench_before: dict[StageName, Bench]) -> None:
    bench = bench_before[StageName.SYNTHESIZE]
    first, *_others = bench.split(StageName.SYNTHESIZE)
    bench.part(StageName.SYNTHESIZE, first)
    bench.calls.clear()

    assert bench.part(StageName.SYNTHESIZE, first) == 0

    assert bench.calls.counts() == (0, 0, 0)


def test_a_part_on_a_machine_without_the_workspace_makes_what_it_needs(
    bench_before: dict[StageName, Bench], tmp_path: Path
) -> None:
    bench = bench_before[StageName.TRANSCRIBE]
    part = bench.split(StageName.TRANSCRIBE)[0]
    elsewhere = Bench(Order(bench.order.source, ASKED, tmp_path / "out", tmp_path / "elsewhere"), bench.calls)

    assert elsewhere.part(StageName.TRANSCRIBE, part) == len(bench.calls.recognized) > 0


def test_a_part_tells_its_progress_as_that_of_a_part(bench_before: dict[StageName, Bench]) -> None:
    bench, heard = bench_before[StageName.TRANSCRIBE], Heard()
    part = bench.split(StageName.TRANSCRIBE)[0]

    run_part(bench.order, StageName.TRANSCRIBE, part, heard, CancelToken())

    assert {event.kind for event in heard.events} == {EventKind.PART_PROGRESS, EventKind.LOG}
    told = [event.data["fraction"] for event in heard.events if event.kind is EventKind.PART_PROGRESS]
    assert 0 < min(told) < max(told) == 1.0


def test_a_stage_and_its_parts_wait_for_each_other(bench_before: dict[StageName, Bench]) -> None:
    bench = bench_before[StageName.TRANSCRIBE]
    first, second, *_others = bench.split(StageName.TRANSCRIBE)
    workspace = Workspace(bench.order.workspace_dir)

    with workspace.shared(), workspace.only_one(f"transcribe-{first.key}"):
        with pytest.raises(WorkspaceBusy):
            bench.stage(StageName.TRANSCRIBE)
        with pytest.raises(WorkspaceBusy):
            bench.part(StageName.TRANSCRIBE, first)
        assert bench.part(StageName.TRANSCRIBE, second) > 0
    with workspace, pytest.raises(WorkspaceBusy):
        bench.part(StageName.TRANSCRIBE, first)


def test_a_stage_that_has_no_parts_says_so(bench_before: dict[StageName, Bench]) -> None:
    with pytest.raises(SettingsError, match="mix"):
        bench_before[StageName.TRANSCRIBE].split(StageName.MIX)


@pytest.mark.parametrize("seed", range(20))
def test_parts_cover_everything_once_and_are_about_alike(seed: int) -> None:
    chance = random.Random(seed)
    lengths_s = [chance.choice([0.0, chance.uniform(0.3, 12.0)]) for _ in range(chance.randrange(20, 200))]

    parts = divided(lengths_s, 6, 30.0)

    covered = [index for part in parts for index in range(part.first, part.stop)]
    assert len(covered) == len(set(covered))
    assert sum(lengths_s[index] for index in covered) == pytest.approx(sum(lengths_s))
    assert 2 <= len(parts) <= 6 or sum(lengths_s) < 45
    worked_s = [sum(lengths_s[part.first : part.stop]) for part in parts]
    assert not parts or max(worked_s) - min(worked_s) <= 24


@pytest.mark.parametrize("lengths_s", [[], [0.0, 0.0], [5.0], [10.0, 10.0, 10.0]])
def test_little_speech_is_not_divided(lengths_s: list[float]) -> None:
    assert divided(lengths_s, 8, 30.0) == []
