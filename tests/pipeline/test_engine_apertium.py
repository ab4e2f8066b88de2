"""Translation with apertium: its stream, its routes, and its process chain under odd input."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engines.base import TranslationSession
from pipeline.engines.translation import stream
from pipeline.engines.translation.apertium import ENGINE, ApertiumEngine
from pipeline.engines.translation.modes import Mode
from pipeline.errors import Canceled, EngineFailed
from pipeline.progress import CancelToken
from tests.pipeline.engine_options import known_pairs, options


@pytest.fixture(scope="module")
def to_spanish() -> Iterator[TranslationSession]:
    with ENGINE.open(("en", "es"), options()) as session:
        yield session


def test_a_sentence_is_translated(to_spanish: TranslationSession) -> None:
    assert to_spanish.translate(["The house is big.", "the house is big"]) == [
        "La casa es grande.",
        "La casa es grande",
    ]


def test_spanish_subtitles_become_english() -> None:
    with ENGINE.open(("es", "en"), options()) as session:
        assert session.translate(["La casa es grande."]) == ["The house is big."]


def test_a_third_language_bridges_a_missing_pair(tmp_path: Path) -> None:
    engine = ApertiumEngine(known_pairs(tmp_path))

    assert engine.route("en", "fr") == ("en", "es", "fr")
    assert engine.route("en", "ja") is None
    assert engine.targets("en") == ("ca", "es", "fr")
    with engine.open(("en", "es", "fr"), options()) as session:
        assert session.translate(["The house is big."]) == ["La maison est grande."]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("", ""),
        ("...", "..."),
        ("?!", "?!"),
        ("1,000", "1,000"),
        ("😀 good", "😀"),
        ("שלום hello", "שלום"),
        ("[left] ^x$ a/b {c} \\d <i>", "^x$"),
        ("at @me and #tag", "@"),
        ('he said "go" and 5*3', '"ir"'),
        ("foo.[] bar .[]", "foo.[]"),
        ("one\0two\x07\nthree", "onetwo"),
        ("100", "100"),
    ],
)
def test_what_is_not_a_word_survives(to_spanish: TranslationSession, line: str, kept: str) -> None:
    answer = to_spanish.translate([line])[0]

    assert kept in answer
    assert "\\" not in answer or "\\" in line


def test_a_very_long_line_does_not_clog_the_pipes(to_spanish: TranslationSession) -> None:
    more_than_a_pipe_holds = "1234567890123456789 " * 4000

    answer = to_spanish.translate([more_than_a_pipe_holds + "The house is big."])[0]

    assert answer.startswith(more_than_a_pipe_holds)
    assert answer.lower().endswith("la casa es grande.")


@settings(max_examples=60, deadline=None)
@given(line=st.text(max_size=60))
def test_any_text_gets_an_answer_and_the_next_line_its_own(to_spanish: TranslationSession, line: str) -> None:
    assert to_spanish.translate([line, "The house is big."])[1] == "La casa es grande."


@given(st.text())
def test_escaping_is_undone_exactly(line: str) -> None:
    request = stream.encode(line)

    assert request.count(stream.END) == 1
    assert stream.decode(request) == stream.clean(line)


def test_a_chain_that_dies_is_started_again(to_spanish: TranslationSession) -> None:
    to_spanish.translate(["good"])
    victims = [each for each in psutil.Process().children() if each.name().startswith("apertium-transf")]
    assert victims

    for victim in victims:
        victim.send_signal(signal.SIGKILL)

    assert to_spanish.translate(["The house is big."]) == ["La casa es grande."]


def _fake_pair(folder: Path, command: str) -> ApertiumEngine:
    modes = folder / "modes"
    modes.mkdir()
    (modes / "eng-spa.mode").write_text(command)
    return ApertiumEngine(folder)


def test_a_chain_that_always_dies_is_one_clear_error(tmp_path: Path) -> None:
    engine = _fake_pair(tmp_path, "cat | false")

    with (
        engine.open(("en", "es"), options()) as session,
        pytest.raises(EngineFailed, match="apertium could not translate a line from English to Spanish"),
    ):
        session.translate(["hello"])


def test_a_chain_that_hangs_is_ended_by_a_cancellation(tmp_path: Path) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nsleep 600\n")
    silent.chmod(0o755)
    cancel = CancelToken()
    with _fake_pair(tmp_path, str(silent)).open(("en", "es"), options(cancel)) as session:
        cancel.cancel()
        with pytest.raises(Canceled):
            session.translate(["hello"])


def test_a_chain_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.engines.translation.apertium.LINE_TIMEOUT_S", 0.2)
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nsleep 600\n")
    silent.chmod(0o755)

    with (
        _fake_pair(tmp_path, str(silent)).open(("en", "es"), options()) as session,
        pytest.raises(EngineFailed, match="no answer within"),
    ):
        session.translate(["hello"])


def test_a_closed_session_leaves_no_process() -> None:
    before = {each.pid for each in psutil.Process().children(recursive=True)}
    with ENGINE.open(("es", "fr"), options()) as session:
        session.translate(["La casa."])

    assert {each.pid for each in psutil.Process().children(recursive=True)} <= before


def test_without_pairs_it_says_how_to_get_some(tmp_path: Path) -> None:
    readiness = ApertiumEngine(tmp_path).readiness()

    assert not readiness.is_ready
    assert "apt-get install apertium" in readiness.fix


def test_variants_count_only_where_there_is_no_plain_pair(tmp_path: Path) -> None:
    modes = tmp_path / "modes"
    modes.mkdir()
    for name in ("eng-cat", "eng-cat_valencia", "spa-eng_US", "eng-spa-tagger", "eco-es-fr", "eng-xxx"):
        (modes / f"{name}.mode").write_text("cat")

    engine = ApertiumEngine(tmp_path)

    assert engine.targets("en") == ("ca",)
    assert engine.targets("es") == ("ca", "en")


def test_a_mode_that_needs_a_missing_program_is_no_pair(tmp_path: Path) -> None:
    assert _fake_pair(tmp_path, "cat | no-such-tool").targets("en") == ()


def test_a_mode_file_becomes_flushing_commands_without_marks(tmp_path: Path) -> None:
    path = tmp_path / "eng-spa.mode"
    path.write_text("lt-proc 'a file.bin' | apertium-tagger -g $2 x | lt-proc $1 y")

    assert Mode("en", "es", path).commands() == [
        ["lt-proc", "-z", "a file.bin"],
        ["apertium-tagger", "-z", "-g", "x"],
        ["lt-proc", "-z", "-n", "y"],
    ]


def test_the_environment_can_move_the_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "APERTIUM_DATADIR", str(tmp_path))

    assert not ENGINE.readiness().is_ready
