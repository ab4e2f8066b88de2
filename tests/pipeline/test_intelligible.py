"""What the dub says can be understood: recognised again, it is hardly worse than the bare voice."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import jiwer
import pytest
import soundfile

from pipeline.cli import main
from pipeline.engines import registry
from pipeline.engines.base import SessionOptions, Window
from pipeline.progress import CancelToken
from pipeline.settings import PROFILES, Mode
from tests.pipeline import media

SPANISH = (
    "Buenos días, mi amigo.",
    "La casa de mi padre es muy grande.",
    "Los niños juegan en el jardín todos los días.",
    "El tren sale de la estación por la mañana.",
    "Mi hermana trabaja en un hospital de la ciudad.",
    "Nosotros leemos el libro en la escuela.",
    "El perro duerme en la cocina.",
    "La ciudad es antigua y muy bonita.",
    "Mañana vamos a visitar el museo.",
    "El agua del río está fría.",
)
SLOT_S = 4.5
ALLOWED_LOSS = 0.10


def test_a_spanish_clip_dubbed_into_english_is_recognised_almost_as_well_as_the_voice_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, subs = spanish_clip(tmp_path)
    out = tmp_path / "out"
    options = ["--from", "es", "--to", "en", "--subs", str(subs), "--tts", "flite", "-o", str(out), "--quiet"]
    assert main([str(source), *options]) == 0, capsys.readouterr().err
    segments = json.loads((out / ".work/translate/transcript.json").read_bytes())["segments"]
    lines = [segment["translation"] for segment in segments]

    bare = [recognised(alone(out, segment_id=segment["id"], to=tmp_path)) for segment in segments]
    dubbed = tmp_path / "dubbed.wav"
    media.ffmpeg("-i", str(out / "talk.en.mp4"), "-map", "0:a:0", "-ar", "16000", "-ac", "1", str(dubbed))
    placements = json.loads((out / ".work/synthesize/placements.json").read_bytes())
    heard = [recognised(dubbed, clip["start_s"], clip["start_s"] + clip["duration_s"]) for clip in placements]

    bare_errors, dubbed_errors = word_errors(lines, bare), word_errors(lines, heard)
    print(f"word errors: flite alone {bare_errors:.1%}, in the dub {dubbed_errors:.1%}")
    assert dubbed_errors <= bare_errors + ALLOWED_LOSS


def spanish_clip(folder: Path) -> tuple[Path, Path]:
    """A video in which espeak-ng speaks Spanish over soft noise, and its subtitles."""
    cues, inputs, graph = [], [], []
    for number, text in enumerate(SPANISH):
        spoken = folder / f"es-{number}.wav"
        subprocess.run(["espeak-ng", "-v", "es", "-w", str(spoken), text], check=True)
        start_s = 0.5 + number * SLOT_S
        end_s = start_s + soundfile.info(spoken).duration
        cues.append(f"{number + 1}\n{clock(start_s)} --> {clock(end_s)}\n{text}\n")
        inputs += ["-i", str(spoken)]
        graph.append(f"[{number + 1}:a]adelay={round(start_s * 1000)}:all=1[line{number}]")
    total_s = SLOT_S * len(SPANISH) + 1
    names = "".join(f"[line{number}]" for number in range(len(SPANISH)))
    graph.append(f"[noise]{names}amix=inputs={len(SPANISH) + 1}:normalize=0:duration=first[sound]")
    media.ffmpeg(
        "-f", "lavfi", "-i", f"testsrc2=size=160x90:rate=10:duration={total_s}", *inputs, "-filter_complex",
        f"anoisesrc=d={total_s}:a=0.003:c=pink:r=22050[noise];" + ";".join(graph),
        "-map", "0:v", "-map", "[sound]", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
        "-metadata:s:a:0", "language=spa", str(folder / "talk.mp4"),
    )  # fmt: skip
    (folder / "talk.srt").write_text("\n".join(cues))
    return folder / "talk.mp4", folder / "talk.srt"


def clock(seconds: float) -> str:
    return f"00:00:{seconds:06.3f}".replace(".", ",")


def alone(out: Path, segment_id: str, to: Path) -> Path:
    """The voice by itself, as the engine spoke it for this segment, at 16 kHz."""
    placements = json.loads((out / ".work/synthesize/placements.json").read_bytes())
    clip = next(each["clip"] for each in placements if each["segment_id"] == segment_id)
    wav = to / f"alone-{segment_id}.wav"
    media.ffmpeg("-i", str(out / ".work/synthesize/clips" / clip), "-ar", "16000", "-ac", "1", str(wav))
    return wav


def recognised(wav: Path, start_s: float = 0.0, end_s: float | None = None) -> str:
    options = SessionOptions(1, PROFILES[Mode.HIGH], CancelToken())
    with registry.select_asr("pocketsphinx", "en").engine.open("en", options) as session:
        results = list(session.recognize(wav, [Window(0, start_s, end_s or soundfile.info(wav).duration)]))
    return " ".join(word.text for result in results for word in result.words)


def word_errors(truth: list[str], heard: list[str]) -> float:
    return float(jiwer.wer([plain(line) for line in truth], [plain(line) for line in heard]))


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())
