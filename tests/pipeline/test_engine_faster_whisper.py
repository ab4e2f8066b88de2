"""Recognition with the real faster-whisper over a checkpoint of random numbers: everything but the meaning."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.engines.asr.faster_whisper import ENGINE, PADDING_S, FasterWhisperEngine
from pipeline.engines.base import Window
from pipeline.errors import Canceled, EngineFailed
from pipeline.progress import CancelToken
from pipeline.settings import Mode
from tests.pipeline import tiny_whisper
from tests.pipeline.engine_options import options
from tests.pipeline.media import ffmpeg


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_whisper.write(tmp_path_factory.mktemp("whisper") / "tiny")


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whisper") / "speech.wav"
    ffmpeg("-f", "lavfi", "-i", "flite=voice=slt:text='Good morning my friend, how are you today?'", str(path))
    return path


def test_words_come_with_times_inside_their_window(model: Path, speech: Path) -> None:
    windows = [Window(0, 0.0, 1.2), Window(1, 1.2, 2.4)]
    with FasterWhisperEngine(model).open("nb", options(mode=Mode.LOW)) as session:
        results = list(session.recognize(speech, windows))

    assert [result.window for result in results] == windows
    assert any(result.words for result in results)
    for result in results:
        for word in result.words:
            assert word.text == word.text.strip()
            assert result.window.start_s - PADDING_S <= word.start_s <= word.end_s
            assert word.end_s <= result.window.end_s + PADDING_S + 0.01
            assert 0 <= word.probability <= 1


def test_the_same_window_gives_the_same_words_again(model: Path, speech: Path) -> None:
    with FasterWhisperEngine(model).open("en", options(mode=Mode.LOW)) as session:
        first, second = session.recognize(speech, [Window(0, 0.0, 1.0), Window(1, 0.0, 1.0)])

    assert first.words == second.words


def test_what_lies_past_the_end_has_no_words(model: Path, speech: Path) -> None:
    with FasterWhisperEngine(model).open("en", options(mode=Mode.LOW)) as session:
        (result,) = session.recognize(speech, [Window(0, 500.0, 501.0)])

    assert result.words == ()


def test_a_cancellation_comes_between_windows(model: Path, speech: Path) -> None:
    cancel = CancelToken()
    with FasterWhisperEngine(model).open("en", options(cancel, mode=Mode.LOW)) as session:
        results = session.recognize(speech, [Window(0, 0.0, 0.5), Window(1, 0.5, 1.0)])
        next(results)
        cancel.cancel()
        with pytest.raises(Canceled):
            next(results)


def test_a_multilingual_model_recognises_what_its_tokenizer_names(model: Path) -> None:
    engine = FasterWhisperEngine(model)

    assert all(engine.supports(code) for code in ("en", "es", "pt-BR", "nb", "zh", "haw"))
    assert not engine.supports("yue")
    assert not engine.supports("tlh")


def test_without_a_configured_model_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DUBBING_WHISPER_MODEL", raising=False)

    readiness = ENGINE.readiness()

    assert readiness.reason == "no Whisper model is configured"
    assert "set DUBBING_WHISPER_MODEL" in readiness.fix


def test_the_environment_names_the_model(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBBING_WHISPER_MODEL", str(model))

    assert ENGINE.readiness().is_ready
    assert ENGINE.version() != FasterWhisperEngine(model.parent).version()


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"])
def test_a_missing_file_is_named(model: Path, tmp_path: Path, name: str) -> None:
    copy = shutil.copytree(model, tmp_path / "copy")
    (copy / name).unlink()

    readiness = FasterWhisperEngine(copy).readiness()

    assert not readiness.is_ready
    assert readiness.reason.endswith(f"lacks {name}")


def test_an_empty_file_and_a_missing_folder_are_named(model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(model, tmp_path / "copy")
    (copy / "config.json").write_bytes(b"")

    assert FasterWhisperEngine(copy).readiness().reason.endswith("has empty files: config.json")
    assert FasterWhisperEngine(tmp_path / "none").readiness().reason.endswith("does not exist")


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"])
def test_a_file_cut_short_is_one_clear_line(model: Path, tmp_path: Path, name: str) -> None:
    copy = shutil.copytree(model, tmp_path / "copy")
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])

    with (
        pytest.raises(EngineFailed, match=r"the Whisper model in .* cannot be loaded .*; copy it there again"),
        FasterWhisperEngine(copy).open("en", options()),
    ):
        pass
