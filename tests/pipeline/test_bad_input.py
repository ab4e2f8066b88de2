"""Bad input: one line that says what to do, exit status 2, nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.pipeline import media


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return media.make_clip(tmp_path_factory.mktemp("clip") / "talk.mp4")


def refused(arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Runs `dub`, checks how it refuses, and returns the line it says."""
    before = sorted(folder.rglob("*"))

    status = main(arguments)

    line = capsys.readouterr().err.strip()
    assert status == 2, line
    assert line.startswith("dub: ")
    assert "\n" not in line
    assert "Traceback" not in line
    assert sorted(folder.rglob("*")) == before
    return line


def no_such_file(folder: Path, clip: Path) -> Path:
    return folder / "none.mp4"


def empty(folder: Path, clip: Path) -> Path:
    path = folder / "talk.mp4"
    path.touch()
    return path


def text_named_mp4(folder: Path, clip: Path) -> Path:
    path = folder / "talk.mp4"
    path.write_text("<html>not a video</html>" * 100)
    return path


def picture_only(folder: Path, clip: Path) -> Path:
    media.ffmpeg("-i", str(clip), "-an", "-c", "copy", str(folder / "talk.mp4"))
    return folder / "talk.mp4"


def silence(folder: Path, clip: Path) -> Path:
    media.ffmpeg("-f", "lavfi", "-i", "anullsrc=r=48000", "-t", "3", str(folder / "talk.m4a"))
    return folder / "talk.m4a"


def tone(folder: Path, clip: Path) -> Path:
    media.ffmpeg("-f", "lavfi", "-i", "sine=440:duration=3", str(folder / "talk.wav"))
    return folder / "talk.wav"


def no_samples(folder: Path, clip: Path) -> Path:
    path = folder / "talk.wav"
    media.ffmpeg("-f", "lavfi", "-i", "sine=440:duration=1", "-t", "0", str(path))
    return path


def cut_off_index(folder: Path, clip: Path) -> Path:
    path = folder / "talk.mp4"
    path.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    return path


def cut_off_sound(folder: Path, clip: Path) -> Path:
    whole = folder.parent / "whole.flac"
    media.ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=20", str(whole))
    path = folder / "talk.flac"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])
    return path


def playlist(folder: Path, clip: Path) -> Path:
    path = folder / "talk.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{clip}\n#EXT-X-ENDLIST\n")
    return path


def concat_list(folder: Path, clip: Path) -> Path:
    path = folder / "talk.mp4"
    path.write_text(f"ffconcat version 1.0\nfile '{clip}'\n")
    return path


def folder_itself(folder: Path, clip: Path) -> Path:
    return folder


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (no_such_file, "no such file"),
        (empty, "empty (0 bytes)"),
        (text_named_mp4, "a web page"),
        (picture_only, "no audio track"),
        (silence, "no speech was found"),
        (tone, "no speech was found"),
        (no_samples, "0 s"),
        (cut_off_index, "cut off"),
        (cut_off_sound, "cut off"),
        (playlist, "playlist"),
        (concat_list, "playlist"),
        (folder_itself, "not a file"),
    ],
)
def test_a_bad_file_is_refused(
    make: Callable[[Path, Path], Path], says: str, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "input"
    folder.mkdir()
    source = make(folder, clip)

    line = refused([str(source), "--to", "es"], folder, capsys)

    assert says in line


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--to", "xx-nonsense"], "xx-nonsense"),
        (["--to", "ja"], "Japanese"),
        (["--to", "es", "--asr", "hal9000"], "there are: "),
        (["--to", "es", "--tts", "flite"], "cannot speak Spanish"),
        (["--to", "es", "--voice", "elvis"], "elvis"),
        (["--to", "es", "--asr", "faster-whisper"], "to fix it"),
        (["--to", "es", "--audio-track", "7"], "no audio track '7'"),
        (["--to", "es", "--audio-track", "fr"], "no audio track 'fr'"),
        (["--to", "es", "--subs", "missing.srt"], "no such subtitle file"),
        (["--to", "es", "--mode", "ultra"], "--mode"),
        (["--to", "es", "--frobnicate"], "--frobnicate"),
        ([], "--to"),
    ],
)
def test_a_bad_option_is_refused(
    options: list[str], says: str, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = shutil.copy(clip, tmp_path / "talk.mp4")

    line = refused([str(source), *options], tmp_path, capsys)

    assert says in line


def test_a_broken_subtitle_file_is_refused_by_line(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = shutil.copy(clip, tmp_path / "talk.mp4")
    subs = tmp_path / "talk.srt"
    subs.write_text("1\n00:00:01,000 --> 00:00:99\nHello\n")

    line = refused([str(source), "--to", "es", "--subs", str(subs)], tmp_path, capsys)

    assert "talk.srt, line 2" in line


def test_a_file_that_looks_like_an_option_is_explained(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(clip, tmp_path / "-y.mp4")
    monkeypatch.chdir(tmp_path)

    line = refused(["-y.mp4", "--to", "es"], tmp_path, capsys)

    assert "./-y.mp4" in line


def test_a_file_that_looks_like_an_option_can_be_dubbed(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(clip, tmp_path / "-y.mp4")
    monkeypatch.chdir(tmp_path)

    assert main(["--to", "es", "--quiet", "--", "-y.mp4"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "-y.es" / "-y.es.mp4")


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs util-linux's setpriv to become an ordinary user")
def test_an_output_folder_that_cannot_be_written_is_refused(clip: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    arguments = ["-m", "pipeline.cli", str(clip), "--to", "es", "-o", str(locked / "out")]

    done = as_ordinary_user(arguments)

    assert done.returncode == 2, done.stderr
    assert "cannot be written to; choose another folder with -o" in done.stderr
    assert done.stderr.count("\n") == 1


def as_ordinary_user(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Root may write anywhere: as root, Python runs without the capability to override permissions."""
    import sys

    dropped = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"] if os.geteuid() == 0 else []
    return subprocess.run([*dropped, sys.executable, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount the small file system this needs")
def test_a_full_disk_stops_the_dub_and_a_later_run_goes_on(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], check=True)
    try:
        arguments = [str(clip), "--to", "es", "-o", str(tmp_path / "out"), "--work", str(disk / "work")]
        line = refused(arguments, disk, capsys)
        assert "needs about" in line

        monkeypatch.setattr("pipeline.space.require_free_space", lambda *_: None)
        assert main(arguments) == 2
        assert "disk" in capsys.readouterr().err
        assert not list(disk.rglob("*.partial"))

        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        assert main([*arguments, "--quiet"]) == 0
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
