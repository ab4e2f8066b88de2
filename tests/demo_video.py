"""Makes the 30-second two-voice English video of `make demo` and of the tests, with ffmpeg alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SpokenLine:
    start_s: float
    voice: str  # a flite voice
    text: str


LINES = (
    SpokenLine(1.0, "rms", "Good morning, and welcome to our small museum."),
    SpokenLine(4.95, "slt", "Thank you, we are very happy to be here today."),
    SpokenLine(8.2, "rms", "This old house was built by a family of farmers."),
    SpokenLine(12.0, "slt", "How many people lived in this house?"),
    SpokenLine(15.2, "rms", "Seven children and their parents lived here for many years."),
    SpokenLine(19.6, "slt", "The kitchen is bigger than my whole apartment."),
    SpokenLine(23.2, "rms", "The garden behind the house is open all year."),
    SpokenLine(26.6, "slt", "We will visit the garden after lunch."),
)
DURATION_S = 30.0

# A quiet chord that swells, so that the bed under the voices can be heard to stay.
CHORD_HZ = (220.0, 277.2, 329.6)


def make_video(
    path: Path, lines: tuple[SpokenLine, ...] = LINES, duration_s: float = DURATION_S, size: str = "640x360"
) -> Path:
    """Writes an H.264/AAC MP4 of exactly `duration_s` seconds, its audio tagged as English."""
    inputs = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={duration_s}"]
    for pitch_hz in CHORD_HZ:
        inputs += ["-f", "lavfi", "-i", f"sine=frequency={pitch_hz}:sample_rate=48000:duration={duration_s}"]
    graph = ["[1:a][2:a][3:a]amix=inputs=3,volume=0.5,tremolo=f=0.5:d=0.4,pan=stereo|c0=c0|c1=c0[bed]"]
    for number, line in enumerate(lines):
        inputs += ["-f", "lavfi", "-i", f"flite=voice={line.voice}:text='{_quoted(line.text)}'"]
        delay_ms = round(line.start_s * 1000)
        graph.append(
            f"[{number + 1 + len(CHORD_HZ)}:a]silenceremove=start_periods=1:start_threshold=-50dB,volume=0.7,"
            f"aresample=48000,pan=stereo|c0=c0|c1=c0,adelay={delay_ms}:all=1[line{number}]"
        )
    names = "".join(f"[line{number}]" for number in range(len(lines)))
    graph.append(f"[bed]{names}amix=inputs={len(lines) + 1}:duration=first:normalize=0[sound]")
    subprocess.run(
        [
            "ffmpeg", "-nostdin", "-v", "error", "-y", *inputs, "-filter_complex", ";".join(graph),
            "-map", "0:v", "-map", "[sound]", "-t", str(duration_s),
            "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "160k",
            "-metadata:s:a:0", "language=eng", "-metadata", "title=A visit to the museum", f"file:{path.absolute()}",
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return path


def _quoted(text: str) -> str:
    """Inside single quotes of a filter graph only the quote itself ends the text; the lines have none."""
    return text.replace(":", r"\:").replace(",", r"\,")


if __name__ == "__main__":
    print(f"made {make_video(Path(sys.argv[1]))}")
