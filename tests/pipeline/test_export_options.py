"""What a dub may be written as on request: drawn subtitles, a playlist for phones, stems, a slowed picture."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.dub import DubResult, dub
from pipeline.progress import CancelToken, Event
from pipeline.settings import BurnIn, DubSettings, SubtitlesAre
from tests.pipeline import media
from tests.pipeline.covers import covered

SIZE = (320, 180)
DURATION_S = 10.0
CUES = """1
00:00:01,000 --> 00:00:03,000
Buenos días, amigo mío.

2
00:00:05,000 --> 00:00:07,000
La casa está abierta hoy.
"""
# Far too long for its two seconds before the next line.
CROWDED = CUES.replace(
    "Buenos días, amigo mío.", "Buenos días, amigo mío, hoy vamos a ver juntos la casa grande."
).replace("00:00:05,000", "00:00:03,200")


class Nobody:
    def emit(self, event: Event) -> None:
        return None


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grey, with a voice, two chapters, a title and cover art nobody asked for."""
    folder = tmp_path_factory.mktemp("source")
    (folder / "facts.txt").write_text(
        ";FFMETADATA1\ntitle=Our house\n"
        + "".join(f"[CHAPTER]\nTIMEBASE=1/1\nSTART={at}\nEND={at + 5}\ntitle=Part {at // 5 + 1}\n" for at in (0, 5))
    )
    media.ffmpeg(
        "-f", "lavfi", "-i", f"color=gray:size={SIZE[0]}x{SIZE[1]}:rate=25:duration={DURATION_S}",
        "-f", "lavfi", "-i", "flite=voice=slt:text='Good morning my friend. The house is open today.'",
        "-i", f"file:{folder / 'facts.txt'}", "-map", "0:v", "-map", "1:a", "-map_metadata", "2",
        "-af", "adelay=1000:all=1,apad", "-t", str(DURATION_S), "-metadata:s:a:0", "language=eng",
        "-c:v", "libx264", "-g", "50", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac",
        f"file:{folder / 'talk.mp4'}",
    )  # fmt: skip
    return folder / "talk.mp4"


def dubbed(source: Path, folder: Path, cues: str = CUES, **settings: Any) -> DubResult:
    (folder / "lines.srt").write_text(cues)
    lines = str(folder / "lines.srt")
    asked = DubSettings("es", subtitles=lines, subtitles_are=SubtitlesAre.TARGET, diarization="off")
    return dub(
        source,
        replace(asked, **settings),
        output_dir=folder / "out",
        workspace_dir=folder / "work",
        progress=Nobody(),
        cancel=CancelToken(),
    )


def picture_at(path: Path, at_s: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The luma of one frame, of shape (height, width)."""
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-ss", str(at_s), "-i", f"file:{path}", "-frames:v", "1"]
    argv += ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
    raw = subprocess.run(argv, check=True, capture_output=True).stdout
    return np.frombuffer(raw, dtype=np.uint8).reshape(SIZE[1], SIZE[0])


def titles(path: Path, kind: str) -> list[str]:
    return [
        each.get("tags", {}).get("title", "") for each in media.probe(path)["streams"] if each["codec_type"] == kind
    ]


def chapters(path: Path) -> list[tuple[float, str]]:
    argv = ["ffprobe", "-v", "error", "-of", "json", "-show_chapters", f"file:{path}"]
    found = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)["chapters"]
    return [(float(each["start_time"]), each["tags"]["title"]) for each in found]


def test_what_is_not_asked_for_is_not_done(source: Path, tmp_path: Path) -> None:
    result = dubbed(source, tmp_path)

    assert media.video_md5(result.artifacts["mp4"]) == media.video_md5(source)
    assert media.video_md5(result.artifacts["mkv"]) == media.video_md5(source)
    assert "hls" not in result.artifacts
    assert titles(result.artifacts["mkv"], "audio") == ["Spanish dub", "Original"]


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_title_and_chapters_are_kept(source: Path, tmp_path: Path, kind: str) -> None:
    result = dubbed(source, tmp_path)

    assert media.probe(result.artifacts[kind])["format"]["tags"]["title"] == "Our house"
    assert chapters(result.artifacts[kind]) == [(0.0, "Part 1"), (5.0, "Part 2")]


def test_a_recordings_title_is_kept(source: Path, tmp_path: Path) -> None:
    media.ffmpeg("-i", f"file:{source}", "-map", "0:a", "-c", "copy", f"file:{tmp_path / 'talk.m4a'}")

    result = dubbed(tmp_path / "talk.m4a", tmp_path)

    assert media.probe(result.artifacts["audio"])["format"]["tags"]["title"] == "Our house"


def test_drawn_subtitles_are_seen_while_their_line_is_said_and_not_otherwise(source: Path, tmp_path: Path) -> None:
    result = dubbed(source, tmp_path, burn_in=BurnIn.TARGET)

    for kind in ("mp4", "mkv"):
        during, between = picture_at(result.artifacts[kind], 1.8), picture_at(result.artifacts[kind], 4.4)
        assert during[SIZE[1] * 2 // 3 :].max() > 200  # light letters in the lower third
        assert np.ptp(during[: SIZE[1] // 2].astype(int)) < 12  # and nothing above
        assert np.ptp(between.astype(int)) < 12
        assert float(media.probe(result.artifacts[kind])["format"]["duration"]) == pytest.approx(DURATION_S, abs=0.1)


def test_a_playlist_for_phones_has_the_picture_both_sounds_and_the_subtitles(source: Path, tmp_path: Path) -> None:
    result = dubbed(source, tmp_path, hls=True)

    master = result.artifacts["hls"].read_text()
    streams = media.probe(result.artifacts["hls"])["streams"]
    assert [each["codec_type"] for each in streams].count("video") == 1
    assert [each["codec_type"] for each in streams].count("audio") >= 2
    assert 'NAME="Spanish",DEFAULT=YES,LANGUAGE="spa"' in master
    assert 'NAME="Original",DEFAULT=NO,LANGUAGE="eng"' in master
    assert 'TYPE=SUBTITLES,GROUP-ID="text",NAME="Spanish"' in master
    assert 'SUBTITLES="text"' in master
    assert media.video_md5(result.artifacts["hls"]) != ""
    for row in (result.artifacts["hls"].parent / "target.m3u8").read_text().splitlines():
        assert row.startswith("#") or (result.artifacts["hls"].parent / row).is_file()


def test_every_file_a_playlist_names_is_there(source: Path, tmp_path: Path) -> None:
    folder = dubbed(source, tmp_path, hls=True).artifacts["hls"].parent

    for playlist in folder.glob("*.m3u8"):
        named = [row for row in playlist.read_text().splitlines() if row and not row.startswith("#")]
        assert named
        assert all((folder / name).is_file() for name in named)


def test_a_transport_stream_has_a_playlist_in_a_folder_of_any_name(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "100% %v %05d"
    folder.mkdir()
    media.ffmpeg("-i", f"file:{source}", "-map", "0:v:0", "-map", "0:a", "-c", "copy", f"file:{folder / 'talk.ts'}")

    playlist = dubbed(folder / "talk.ts", folder, hls=True).artifacts["hls"]

    for track in (0, 1):
        assert len(media.decoded(playlist, 16_000, track)) / 16_000 == pytest.approx(DURATION_S, abs=0.2)


def test_a_playlist_no_longer_asked_for_is_removed_and_nothing_else(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out/hls").mkdir(parents=True)
    (tmp_path / "out/hls/mine.txt").write_text("mine")
    playlist = dubbed(source, tmp_path, hls=True).artifacts["hls"]
    assert playlist == tmp_path / "out/talk.es.hls/master.m3u8"

    dubbed(source, tmp_path)

    assert not playlist.parent.exists()
    assert (tmp_path / "out/hls/mine.txt").read_text() == "mine"


@pytest.mark.parametrize(("settings", "kind"), [({"burn_in": BurnIn.TARGET}, "mp4"), ({"hls": True}, "hls")])
def test_cover_art_before_the_picture_is_neither_drawn_over_nor_played(
    source: Path, tmp_path: Path, settings: dict[str, Any], kind: str
) -> None:
    covered(source, tmp_path / "talk.mp4")

    path = dubbed(tmp_path / "talk.mp4", tmp_path, **settings).artifacts[kind]

    pictures = [each for each in media.probe(path)["streams"] if each["codec_type"] == "video"]
    assert (pictures[0]["width"], pictures[0]["height"]) == SIZE
    assert float(media.probe(path)["format"]["duration"]) == pytest.approx(DURATION_S, abs=0.2)


def test_stems_are_tracks_of_the_mkv_alone(source: Path, tmp_path: Path) -> None:
    result = dubbed(source, tmp_path, stems=True)

    assert titles(result.artifacts["mkv"], "audio") == ["Spanish dub", "Original", "Dialogue", "Music and effects"]
    assert len(titles(result.artifacts["mp4"], "audio")) == 2


def test_the_transcript_is_written_with_the_ids_that_edits_name(source: Path, tmp_path: Path) -> None:
    result = dubbed(source, tmp_path)

    segments = json.loads(result.artifacts["transcript"].read_bytes())["segments"]
    assert [(each["id"], each["translation"]) for each in segments] == [
        ("00001", "Buenos días, amigo mío."),
        ("00002", "La casa está abierta hoy."),
    ]


def test_a_line_that_does_not_fit_slows_its_picture_and_everything_stays_together(source: Path, tmp_path: Path) -> None:
    result = dubbed(source, tmp_path, CROWDED, retime=True)

    placements = json.loads((tmp_path / "work/synthesize/placements.json").read_bytes())
    passages = json.loads((tmp_path / "work/synthesize/retiming.json").read_bytes())
    added_s = sum((each["end_s"] - each["start_s"]) * (each["factor"] - 1) for each in passages)
    assert added_s > 0.3
    assert not any(clip["flags"] for clip in placements)
    for kind in ("mp4", "mkv"):
        described = media.probe(result.artifacts[kind])
        assert float(described["format"]["duration"]) == pytest.approx(DURATION_S + added_s, abs=0.15)
        assert chapters(result.artifacts[kind])[1][0] == pytest.approx(5.0 + added_s, abs=0.01)
        for track in (0, 1):
            length_s = len(media.decoded(result.artifacts[kind], 16_000, track)) / 16_000
            assert length_s == pytest.approx(DURATION_S + added_s, abs=0.15)


def test_without_being_asked_a_line_that_does_not_fit_is_flagged_and_the_picture_is_not_touched(
    source: Path, tmp_path: Path
) -> None:
    result = dubbed(source, tmp_path, CROWDED)

    assert media.video_md5(result.artifacts["mp4"]) == media.video_md5(source)
    assert result.summary["fit"]["flagged"]


@pytest.mark.parametrize(
    "made", [{"burn_in": BurnIn.TARGET}, {"retime": True}, {"burn_in": BurnIn.TARGET, "retime": True}]
)
def test_a_picture_that_begins_after_the_sound_still_does_when_it_is_made_anew(
    source: Path, tmp_path: Path, made: dict[str, Any]
) -> None:
    late = tmp_path / "late.mp4"
    media.ffmpeg(
        "-i", f"file:{source}", "-itsoffset", "0.4", "-i", f"file:{source}",
        "-map", "1:v:0", "-map", "0:a", "-c", "copy", f"file:{late}",
    )  # fmt: skip

    result = dubbed(late, tmp_path, CROWDED, **made)

    for kind in ("mp4", "mkv"):  # Matroska counts what the coder puts before the sound: 21 ms
        assert first_frame_s(result.artifacts[kind]) == pytest.approx(0.4, abs=0.03)


def first_frame_s(path: Path) -> float:
    """When the first frame is shown, from the start of the sound."""
    asked = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type,start_time", "-of", "json", f"file:{path}"]
    streams = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)["streams"]
    starts_s = {stream["codec_type"]: float(stream["start_time"]) for stream in reversed(streams)}
    return starts_s["video"] - starts_s["audio"]
