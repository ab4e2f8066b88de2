"""A dub made one stage at a time, each perhaps by another process or machine, is the dub made in one go."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pipeline.dub import StageResult, dub, run_stage
from pipeline.errors import WorkspaceBusy
from pipeline.order import Order
from pipeline.progress import CancelToken, Event, EventKind, StageName
from pipeline.settings import DubSettings
from pipeline.workspace import Workspace, forget_from
from tests.demo_video import LINES, make_video

EVERYTHING = list(StageName)
MADE = ["transcribe/transcript.json", "translate/transcript.json", "synthesize/placements.json", "mix/mix.json"]


@dataclass
class Heard:
    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def told(self) -> list[StageName]:
        """The stages that anything was said about."""
        return list(dict.fromkeys(event.stage for event in self.events if event.stage))

    def ran(self) -> list[StageName]:
        finished = [event for event in self.events if event.kind is EventKind.STAGE_FINISHED]
        return [event.stage for event in finished if event.stage and not event.data["reused"]]


def run(order: Order, stage: StageName) -> tuple[StageResult, Heard]:
    heard = Heard()
    return run_stage(order, stage, heard, CancelToken()), heard


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("source") / "talk.mp4", LINES[:3], 12.0, "320x180")


@pytest.fixture(scope="module")
def divided(source: Path) -> Order:
    """Every stage run by itself, the last one twice: into the folder of the order and into `again`."""
    order = Order(source, DubSettings("es"), source.parent / "divided", source.parent / "workspace")
    for stage in EVERYTHING:
        result, heard = run(order, stage)
        assert not result.reused
        assert heard.told() == heard.ran() == [stage]
    return order


def test_stage_by_stage_makes_what_one_run_makes(source: Path, divided: Order, tmp_path: Path) -> None:
    whole = dub(
        source,
        DubSettings("es"),
        output_dir=tmp_path / "whole",
        workspace_dir=tmp_path / "work",
        progress=Heard(),
        cancel=CancelToken(),
    )

    result, _heard = run(divided, StageName.EXPORT)

    assert result.dub is not None
    assert result.dub.artifacts.keys() == whole.artifacts.keys()
    for name in MADE:
        assert (divided.workspace_dir / name).read_bytes() == (tmp_path / "work" / name).read_bytes()


def test_the_last_stage_tells_of_all_of_them(divided: Order) -> None:
    summary = json.loads((divided.output_dir / "summary.json").read_bytes())
    log = [json.loads(line) for line in (divided.output_dir / "log.jsonl").read_text().splitlines()]

    assert list(summary["stages"]) == EVERYTHING
    assert all(seconds > 0 for seconds in summary["stages"].values())
    assert list(dict.fromkeys(entry["stage"] for entry in log)) == EVERYTHING


def test_a_stage_that_is_up_to_date_says_so_and_nothing_of_the_others(divided: Order) -> None:
    result, heard = run(divided, StageName.MIX)

    assert result.reused
    assert heard.told() == [StageName.MIX]
    assert heard.ran() == []


def test_another_output_folder_is_filled_from_what_is_there(divided: Order, tmp_path: Path) -> None:
    result, heard = run(replace(divided, output_dir=tmp_path / "again"), StageName.EXPORT)

    assert heard.ran() == [StageName.EXPORT]
    assert result.dub is not None
    assert all(path.is_file() and path.is_relative_to(tmp_path) for path in result.dub.artifacts.values())


def test_the_last_stage_tells_the_digest_of_each_file(divided: Order) -> None:
    result, _heard = run(divided, StageName.EXPORT)

    assert result.dub is not None
    files = {kind: hashlib.sha256(path.read_bytes()).hexdigest() for kind, path in result.dub.artifacts.items()}
    assert result.dub.sha256 == files


def test_a_workspace_lost_with_its_machine_is_made_again(divided: Order, tmp_path: Path) -> None:
    elsewhere = replace(divided, workspace_dir=tmp_path / "elsewhere")

    result, heard = run(elsewhere, StageName.DIARIZE)

    assert not result.reused
    assert heard.ran() == [StageName.EXTRACT, StageName.TRANSCRIBE, StageName.DIARIZE]


def test_from_a_stage_that_is_forgotten_everything_runs_again(divided: Order, tmp_path: Path) -> None:
    copied = shutil.copytree(divided.workspace_dir, tmp_path / "work")
    # Into a folder of its own: the workspace of `divided` tells of the files that it made itself.
    order = replace(divided, workspace_dir=copied, output_dir=tmp_path / "made")

    forget_from(order.workspace_dir, StageName.SEPARATE)

    _result, heard = run(order, StageName.EXPORT)
    assert heard.ran() == [StageName.SEPARATE, StageName.MIX, StageName.EXPORT]


def test_nothing_is_forgotten_while_somebody_works(divided: Order) -> None:
    with Workspace(divided.workspace_dir), pytest.raises(WorkspaceBusy):
        forget_from(divided.workspace_dir, StageName.EXTRACT)
