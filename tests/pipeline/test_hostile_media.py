"""A file that nobody has looked at yet opens no other, calls nobody, and is refused with the reason within limits."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from pipeline.egress import own_network
from pipeline.errors import NotMedia, SourceNotFound, SourceTruncated, ToolError, ToolMissing, ToolTimeout
from pipeline.media import restricted
from pipeline.media.probe import MAX_STREAMS, MAX_TITLE_CHARACTERS, probe
from tests.pipeline import hostile, media

Stub = Callable[[str], None]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    picture, sound = "testsrc2=size=64x36:rate=10:duration=1", "sine=440:duration=1"
    media.ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-c:v", "libx264", f"file:{path}")
    return path


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Puts a shell script in ffprobe's place."""

    def replace(script: str) -> None:
        program = tmp_path / "bin" / "ffprobe"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return replace


def refusal(path: Path, kind: type[Exception] = NotMedia) -> str:
    with pytest.raises(kind) as refused:
        probe(path, display_name="holiday.mp4")
    assert str(refused.value).startswith("holiday.mp4 ")
    assert str(path.parent) not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("kind", hostile.playlists(""))
def test_a_playlist_named_like_a_film_opens_no_other_file(kind: str, film: Path, tmp_path: Path) -> None:
    source = tmp_path / "holiday.mp4"
    source.write_text(hostile.playlists(f"file://{film}")[kind])

    with hostile.watched(film) as opened:
        said = refusal(source)

    assert "is a playlist" in said
    assert not opened


@pytest.mark.parametrize("kind", hostile.playlists(""))
def test_a_playlist_named_like_a_film_calls_nobody(kind: str, tmp_path: Path) -> None:
    source = tmp_path / "holiday.mp4"

    with hostile.listening() as server:
        source.write_text(hostile.playlists(f"http://127.0.0.1:{server.getsockname()[1]}/film.mp4")[kind])
        refusal(source)

        assert not hostile.was_called(server)


@pytest.mark.parametrize("kind", hostile.other_texts(""))
def test_a_text_named_like_a_film_is_called_what_it_is(kind: str, film: Path, tmp_path: Path) -> None:
    source = tmp_path / "holiday.mp4"
    source.write_text(hostile.other_texts(f"file://{film}")[kind])

    with hostile.watched(film) as opened:
        said = refusal(source)

    assert f"is a {kind}" in said
    assert not opened


def test_an_mp4_that_keeps_its_data_in_another_file_does_not_get_it_opened(film: Path, tmp_path: Path) -> None:
    canary = Path(media.make_clip(tmp_path / "canary.mp4", duration_s=0.5))
    source = tmp_path / "holiday.mp4"
    source.write_bytes(hostile.with_outside_data(film.read_bytes(), canary))

    with hostile.watched(canary) as opened_when_allowed:
        allowed = ["ffprobe", "-v", "quiet", "-enable_drefs", "1", "-use_absolute_path", "1", str(source)]
        subprocess.run(allowed, check=False, capture_output=True)
    with hostile.watched(canary) as opened:
        probe(source)

    assert opened_when_allowed  # so the file is what it should be
    assert not opened


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a picture"),
        (b"\0\0\0\x24ftypheic\0\0\0\0mif1heic", "is a picture"),
        (b"%PDF-1.7\n%\xe2\xe3", "is a text"),
        ("Das ist ein längerer Brief.\n".encode() * 300, "is a text"),
        (b"PK\x03\x04\x14\0\0\0", "is an archive"),
        (bytes(5000), "holds only zeros"),
        (bytes(range(256)) * 20, "is not a video or audio file"),
    ],
)
def test_what_people_choose_by_mistake_is_called_what_it_is(head: bytes, says: str, tmp_path: Path) -> None:
    source = tmp_path / "holiday.mp4"
    source.write_bytes(head)

    assert says in refusal(source)


def test_a_film_without_its_index_is_told_from_what_is_no_film(film: Path, tmp_path: Path) -> None:
    source = tmp_path / "holiday.mp4"
    source.write_bytes(film.read_bytes()[: film.stat().st_size // 2])

    assert "cut off" in refusal(source, SourceTruncated)


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "holiday.mp4")

    assert "is not a file" in refusal(tmp_path / "holiday.mp4")


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match="no such file"):
        probe(tmp_path / "none.mp4")


def test_an_index_of_a_hundred_million_pictures_takes_no_memory_for_them(film: Path, tmp_path: Path) -> None:
    source = tmp_path / "holiday.mp4"
    source.write_bytes(hostile.with_endless_index(film.read_bytes(), 100_000_000))
    measured = "import resource, sys; from pathlib import Path; from pipeline.media.probe import probe\n"
    measured += f"probe(Path({str(source)!r})); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"

    done = subprocess.run([sys.executable, "-c", measured], check=True, capture_output=True, text=True)

    assert int(done.stdout) * 1024 < restricted.MEMORY_BYTES / 4  # the index alone would take 2.4 GB


def test_more_streams_than_any_film_has_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "holiday.mka"
    sound = tmp_path / "sound.wav"
    media.ffmpeg("-f", "lavfi", "-i", "sine=440:duration=0.1:sample_rate=8000", str(sound))
    every = [part for _ in range(MAX_STREAMS + 1) for part in ("-map", "0:a")]
    media.ffmpeg("-i", str(sound), *every, "-c", "copy", str(source))

    assert f"more than {MAX_STREAMS} streams" in refusal(source)


def with_metadata(film: Path, target: Path, text: str) -> Path:
    words = target.with_suffix(".txt")
    words.write_text(f";FFMETADATA1\n{text}")
    media.ffmpeg(
        "-i", str(film), "-i", str(words), "-map_metadata", "1", "-map_chapters", "1", "-c", "copy", str(target)
    )
    return target


def test_titles_are_kept_short_and_other_words_are_not_even_read(film: Path, tmp_path: Path) -> None:
    text = f"comment={'c' * 6_000_000}\n[CHAPTER]\nTIMEBASE=1/10\nSTART=0\nEND=5\ntitle={'t' * 600_000}\n"
    source = with_metadata(film, tmp_path / "film.mkv", text)

    facts = probe(source)

    assert source.stat().st_size > 6_000_000
    assert facts.chapters[0].title == "t" * MAX_TITLE_CHARACTERS


def test_a_title_of_megabytes_is_refused(film: Path, tmp_path: Path) -> None:
    chapter = f"[CHAPTER]\nTIMEBASE=1/10\nSTART=0\nEND=5\ntitle={'t' * 5_000_000}\n"
    source = with_metadata(film, tmp_path / "film.mkv", chapter)

    assert "says too much of itself" in refusal(source)


def test_thousands_of_chapters_are_refused(film: Path, tmp_path: Path) -> None:
    chapters = "".join(f"[CHAPTER]\nTIMEBASE=1/10000\nSTART={n}\nEND={n + 1}\n" for n in range(1001))
    source = with_metadata(film, tmp_path / "film.mkv", chapters)

    assert "more than 1000 chapters" in refusal(source)


def test_a_probe_that_hangs_is_ended_with_all_it_started(
    film: Path, tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restricted, "WALL_S", 1)
    stub(f"sleep 600 & echo $! $$ > {tmp_path}/started; wait")

    with pytest.raises(ToolTimeout, match="within 1 s"):
        probe(film, display_name="hanging.mp4")

    assert_ended(map(int, (tmp_path / "started").read_text().split()))


def assert_ended(pids: Iterable[int]) -> None:
    there = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(there, timeout=20)
    assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def test_so_many_run_at_once_and_the_others_wait(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restricted, "AT_ONCE", threading.BoundedSemaphore(1))
    stub(f"echo start >> {tmp_path}/log; sleep 0.2; echo end >> {tmp_path}/log")

    with ThreadPoolExecutor(3) as asking:
        for each in [asking.submit(restricted.ask, "ffprobe", []) for _ in range(3)]:
            each.result()

    assert (tmp_path / "log").read_text().split() == ["start", "end"] * 3


def test_who_waits_too_long_is_told_to_come_again(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restricted, "AT_ONCE", threading.BoundedSemaphore(1))
    monkeypatch.setattr(restricted, "WALL_S", 0.1)
    stub("true")

    with restricted.AT_ONCE, pytest.raises(ToolTimeout, match="try again"):
        restricted.ask("ffprobe", [])

    monkeypatch.setattr(restricted, "WALL_S", 60)
    assert restricted.ask("ffprobe", []).end is restricted.End.WELL


def test_a_probe_that_works_without_end_is_the_files_fault(
    film: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restricted, "CPU_S", 1)
    stub("while :; do :; done")

    assert "more than 1 s of work" in refusal(film)


def test_a_probe_that_crashes_is_the_files_fault(film: Path, stub: Stub) -> None:
    stub("kill -SEGV $$")

    assert "damaged" in refusal(film)


def test_a_probe_that_finds_no_memory_says_so(film: Path, stub: Stub) -> None:
    stub("echo 'holiday.mp4: Cannot allocate memory' >&2; exit 1")

    assert "too much memory" in refusal(film)


def test_a_probe_that_cannot_be_started_does_not_blame_the_file(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restricted, "MEMORY_BYTES", 100 * 2**20)

    with pytest.raises(ToolError, match="could not be started"):
        probe(film, display_name="small.mp4")


def test_without_ffprobe_it_says_what_to_install(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(ToolMissing, match="apt-get install"):
        probe(film, display_name="unseen.mp4")


def test_the_probe_runs_within_limits_without_environment_or_input(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://user:secret@db/site")
    stub("cat /proc/self/limits; env; readlink /proc/self/fd/0; cat /proc/net/dev")

    answer = restricted.ask("ffprobe", [])

    lines = {line.split("  ")[0].strip(): line.split() for line in answer.output.decode().splitlines()}
    assert lines["Max cpu time"][3] == str(restricted.CPU_S)
    assert lines["Max address space"][3] == str(restricted.MEMORY_BYTES)
    assert lines["Max file size"][3] == str(restricted.OUTPUT_BYTES)
    assert lines["Max open files"][3] == str(restricted.OPEN_FILES)
    assert lines["Max core file size"][4] == "0"
    assert "/dev/null" in lines
    assert "secret" not in answer.output.decode()


@pytest.mark.skipif(not own_network(), reason="this user may make no network namespace")
def test_the_probe_sees_no_network(stub: Stub) -> None:
    stub("cat /proc/net/dev")

    answer = restricted.ask("ffprobe", [])

    devices = [line.split(":")[0].strip() for line in answer.output.decode().splitlines()[2:]]
    assert devices == ["lo"]


@pytest.mark.timeout(60)
def test_the_probe_ends_with_the_process_that_asked(film: Path, tmp_path: Path, stub: Stub) -> None:
    started = tmp_path / "started"
    os.mkfifo(started)
    stub(f"echo $$ > {started}; exec sleep 600")
    asking = f"from pathlib import Path; from pipeline.media.probe import probe; probe(Path({str(film)!r}))"
    with subprocess.Popen([sys.executable, "-c", asking]) as asker:
        pid = int(started.read_text())

        asker.kill()

    assert_ended([pid])
