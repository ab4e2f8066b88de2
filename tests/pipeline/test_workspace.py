"""The workspace keeps what is finished and never mistakes it: records, journals, locks, whole files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import WorkspaceBusy
from pipeline.progress import StageName
from pipeline.storage import atomic_path
from pipeline.workspace import Journal, Workspace, fingerprint, source_identity


def make(workspace: Workspace, inputs: dict[str, object]) -> None:
    workspace.path(StageName.MIX, "mix.json").write_text("{}")
    workspace.save_record(StageName.MIX, inputs, ["mix.json"], 1.0)


def test_a_record_is_found_again_with_its_fingerprint(tmp_path: Path) -> None:
    with Workspace(tmp_path / "work") as workspace:
        make(workspace, {"loudness": -16})

        record = workspace.record(StageName.MIX)

        assert record is not None
        assert record.fingerprint == fingerprint({"loudness": -16})
        assert workspace.is_whole(record)


def test_a_stage_whose_file_was_cut_short_is_not_whole(tmp_path: Path) -> None:
    with Workspace(tmp_path / "work") as workspace:
        make(workspace, {})
        workspace.path(StageName.MIX, "mix.json").write_text("")

        record = workspace.record(StageName.MIX)

        assert record is not None
        assert not workspace.is_whole(record)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema_version": 99}', '{"schema_version": 1}'])
def test_a_record_that_cannot_be_read_is_no_record(tmp_path: Path, content: str) -> None:
    with Workspace(tmp_path / "work") as workspace:
        make(workspace, {})
        (workspace.root / "records" / "mix.json").write_text(content)

        assert workspace.record(StageName.MIX) is None


def test_two_dubs_cannot_share_a_workspace_at_once(tmp_path: Path) -> None:
    with Workspace(tmp_path / "work"), pytest.raises(WorkspaceBusy, match="--work"), Workspace(tmp_path / "work"):
        pass


def test_half_written_files_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    with Workspace(tmp_path / "work") as workspace:
        half = workspace.path(StageName.MIX, ".dub.m4a.partial")
        half.write_bytes(b"half")

    with Workspace(tmp_path / "work"):
        assert not half.exists()


def test_a_journal_forgets_only_the_line_a_crash_has_torn(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    with Journal(path) as journal:
        journal.put("one", 1)
        journal.put("two", [2])
    path.write_text(path.read_text() + '{"key": "three", "val')

    with Journal(path) as journal:
        journal.put("four", 4)

    reread = Journal(path)
    assert [reread.get(key) for key in ("one", "two", "three", "four")] == [1, [2], None, 4]


def test_an_error_while_writing_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    final = tmp_path / "talk.mp4"
    final.write_text("old")

    def fail_halfway() -> None:
        with atomic_path(final) as temporary:
            temporary.write_text("half of the new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()

    assert final.read_text() == "old"
    assert list(tmp_path.iterdir()) == [final]


def test_a_changed_source_has_another_identity(tmp_path: Path) -> None:
    source = tmp_path / "talk.mp4"
    source.write_bytes(b"a" * 3_000_000)
    before = source_identity(source)

    source.write_bytes(b"a" * 2_999_999 + b"b")

    assert source_identity(source) != before
