"""Small media files for the tests, made by ffmpeg, and questions asked of the results."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True, stdin=subprocess.DEVNULL)


def make_speech(path: Path, text: str, voice: str = "slt") -> Path:
    """One spoken line as a file of the kind its suffix names."""
    ffmpeg("-f", "lavfi", "-i", f"flite=voice={voice}:text='{text}'", f"file:{path}")
    return path


def make_clip(
    path: Path, text: str = "Good morning my friend. The house is open today.", *, duration_s: float = 5.0
) -> Path:
    """A short video with one spoken line from second 0.5 on."""
    ffmpeg(
        "-f", "lavfi", "-i", f"testsrc2=size=160x90:rate=10:duration={duration_s}",
        "-f", "lavfi", "-i", f"flite=voice=slt:text='{text}'",
        "-af", "adelay=500:all=1,apad", "-t", str(duration_s),
        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", f"file:{path}",
    )  # fmt: skip
    return path


def probe(path: Path) -> dict[str, Any]:
    argv = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", f"file:{path}"]
    answer: dict[str, Any] = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
    return answer


def video_md5(path: Path) -> str:
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-i", f"file:{path}", "-map", "0:v", "-c", "copy", "-f", "md5", "-"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def decoded(path: Path, sample_rate_hz: int, track: int = 0) -> npt.NDArray[np.float32]:
    """One audio track as mono float32 samples."""
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-i", f"file:{path}", "-map", f"0:a:{track}", "-ac", "1"]
    argv += ["-ar", str(sample_rate_hz), "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(argv, check=True, capture_output=True).stdout, dtype="<f4")


def loudness(path: Path) -> tuple[float, float]:
    """(integrated LUFS, true peak dBTP) by ffmpeg's own ebur128, which is not what the product measures with."""
    argv = ["ffmpeg", "-nostdin", "-hide_banner", "-i", f"file:{path}", "-map", "0:a:0"]
    argv += ["-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stderr
    summary = said[said.rindex("Summary:") :]
    integrated = re.search(r"I:\s+(-?[\d.]+) LUFS", summary)
    peak = re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary)
    assert integrated
    assert peak
    return float(integrated[1]), float(peak[1])
