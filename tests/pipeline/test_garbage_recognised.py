"""What a real recogniser makes of music, noise, humming and loops is refused, and never kept as finished."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pipeline.dub import dub
from pipeline.errors import GarbageTranscript, NoSpeech
from pipeline.progress import CancelToken, Event, Progress
from pipeline.settings import DubSettings, Mode, SubtitlesAre
from tests.pipeline import media

MUSIC = "aevalsrc='0.3*sin(2*PI*(220*pow(2,floor(mod(t*2,8))/12))*t)+0.2*sin(2*PI*330*t)*(1+sin(8*PI*t))/2':d=12"
NOISE = "anoisesrc=color=pink:amplitude=0.3:duration=12,tremolo=f=4:d=0.9"
LOOP = "flite=voice=slt:text='" + "Thank you for watching this video. " * 8 + "'"
LAUGHTER = "Ha ha ha ha ha ha ha ha ha. Ho ho ho ho ho ho. " * 6


class Nobody(Progress):
    def emit(self, event: Event) -> None:
        return None


def run(source: Path, settings: DubSettings | None = None) -> dict[str, Path]:
    folder = source.parent / "out"
    return dub(
        source,
        settings or DubSettings("es", mode=Mode.LOW),
        output_dir=folder,
        workspace_dir=folder / ".work",
        progress=Nobody(),
        cancel=CancelToken(),
    ).artifacts


def sound(folder: Path, graph: str) -> Path:
    media.ffmpeg("-f", "lavfi", "-i", graph, "-ar", "16000", f"file:{folder / 'sound.wav'}")
    return folder / "sound.wav"


@pytest.fixture
def laughter(tmp_path: Path) -> Path:
    """Two voiced syllables without a word in them; the recogniser hears about as many words as in speech."""
    path = tmp_path / "sound.wav"
    subprocess.run(["espeak-ng", "-w", str(path), LAUGHTER], check=True)
    return path


@pytest.mark.parametrize("graph", [MUSIC, NOISE], ids=["music", "noise"])
def test_sound_without_speech_is_refused(graph: str, tmp_path: Path) -> None:
    with pytest.raises(NoSpeech, match="--subs"):
        run(sound(tmp_path, graph))


def test_one_phrase_over_and_over_is_refused_with_what_to_do_and_nothing_is_kept(tmp_path: Path) -> None:
    source = sound(tmp_path, LOOP)

    with pytest.raises(GarbageTranscript, match=r"one phrase said over and over.*--from.*--audio-track.*--subs"):
        run(source)

    assert not (tmp_path / "out").exists()


def test_a_refused_transcript_is_not_taken_for_finished_by_the_next_run(laughter: Path, tmp_path: Path) -> None:
    work = tmp_path / "out" / ".work"
    work.mkdir(parents=True)
    with pytest.raises(GarbageTranscript):
        run(laughter)

    with pytest.raises(GarbageTranscript):
        run(laughter)

    assert not (work / "records" / "transcribe.json").exists()
    assert not (work / "transcribe" / "transcript.json").exists()


def test_the_same_loop_is_dubbed_where_subtitles_say_it_is_meant(laughter: Path, tmp_path: Path) -> None:
    subtitles = tmp_path / "said.srt"
    subtitles.write_text("1\n00:00:00,000 --> 00:00:04,000\nHo ho ho\n\n")

    made = run(laughter, DubSettings("es", mode=Mode.LOW, subtitles=str(subtitles), subtitles_are=SubtitlesAre.SOURCE))

    assert made["audio"].is_file()


@pytest.mark.parametrize("text", ["Good morning my friend.", "Good morning. Good morning. Good morning."])
def test_a_short_clip_with_a_line_or_two_passes(text: str, tmp_path: Path) -> None:
    made = run(media.make_clip(tmp_path / "clip.mp4", text))

    assert made["mp4"].is_file()


def test_speech_in_another_language_than_was_said_is_a_remark_on_the_dub(tmp_path: Path) -> None:
    spanish = "El tiempo era bueno y fuimos al mercado a comprar pan y manzanas frescas para toda la familia."
    subprocess.run(["espeak-ng", "-v", "es", "-w", str(tmp_path / "sound.wav"), spanish], check=True)

    made = run(tmp_path / "sound.wav")

    qa = json.loads(made["qa"].read_bytes())
    assert qa["verdict"] != "pass"
    assert ("low_confidence", None) in [(each["code"], each["segment_id"]) for each in qa["findings"]]
