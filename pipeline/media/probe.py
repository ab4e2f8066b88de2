"""What is inside a media file, asked of ffprobe in a bounded way. Nothing is guessed from the name."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.errors import NotMedia, SourceNotFound, SourceTruncated, ToolMissing, ToolTimeout

# Demuxers of files that carry their own media. Playlists (hls, concat, dash), image sequences and text formats are
# left out on purpose: they can make ffmpeg open other files.
CONTAINERS = (
    "mov,mp4,matroska,webm,avi,asf,flv,mpegts,mpeg,mxf,wav,w64,aiff,au,caf,flac,wv,ape,mp3,aac,ac3,eac3,dts,ogg,amr"
)
PROBE_TIMEOUT_S = 60
KEPT_ANSWERS = 16
MAX_STREAMS = 64
MAX_PIXELS = 8192 * 8192  # a larger frame could take gigabytes to decode


@dataclass(frozen=True, slots=True)
class VideoTrack:
    stream_index: int
    codec: str
    width: int
    height: int
    rotation_deg: int
    frame_rate: float
    start_s: float  # of its first frame, from the start of the film


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """`index` counts audio tracks from 0; `stream_index` counts all streams of the file."""

    index: int
    stream_index: int
    codec: str
    channels: int
    sample_rate_hz: int
    language: str  # BCP 47 or ISO 639-2 as written in the file; "" when unknown
    title: str
    is_default: bool
    duration_s: float | None  # None when the container does not say


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    index: int
    stream_index: int
    codec: str
    language: str
    title: str


@dataclass(frozen=True, slots=True)
class Chapter:
    start_s: float
    end_s: float
    title: str


@dataclass(frozen=True, slots=True)
class MediaFacts:
    container: str
    duration_s: float
    size_bytes: int
    video: VideoTrack | None  # the first moving picture; cover art does not count
    audio_tracks: tuple[AudioTrack, ...]
    subtitle_tracks: tuple[SubtitleTrack, ...]
    chapters: tuple[Chapter, ...]

    @property
    def has_video(self) -> bool:
        return self.video is not None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def input_guards() -> dict[str, str]:
    """The ffmpeg input options that keep a file from making ffmpeg open another one or the network."""
    return {"protocol_whitelist": "file,pipe", "format_whitelist": CONTAINERS}


def input_options(path: Path) -> list[str]:
    """The ffmpeg or ffprobe options that open `path` and nothing else, ending with `-i file:…`."""
    guards = [part for key, value in input_guards().items() for part in (f"-{key}", value)]
    return [*guards, "-i", f"file:{path.absolute()}"]


def probe(path: Path, *, display_name: str | None = None) -> MediaFacts:
    """Facts about `path`.

    Raises SourceNotFound, NotMedia (with the reason), SourceTruncated, ToolMissing, ToolTimeout.
    """
    name = display_name or path.name
    _require_file(path, name)
    now = path.stat()
    answer = _ffprobe(path, name, now.st_size, now.st_mtime_ns)
    streams = answer.get("streams", [])
    if not streams:
        raise NotMedia(f"{name} is not a video or audio file ffmpeg can read; choose another file")
    if len(streams) > MAX_STREAMS:
        raise NotMedia(f"{name} has {len(streams)} streams; at most {MAX_STREAMS} are accepted")
    return _facts(answer, now.st_size)


def _require_file(path: Path, name: str) -> None:
    if not path.exists():
        raise SourceNotFound(f"{name}: no such file; check the path")
    if not path.is_file():
        raise NotMedia(f"{name} is not a file; give a video or audio file")
    if path.stat().st_size == 0:
        raise NotMedia(f"{name} is empty (0 bytes); copy or upload it again")


@lru_cache(maxsize=KEPT_ANSWERS)
def _ffprobe(path: Path, name: str, size_bytes: int, changed_ns: int) -> dict[str, Any]:
    """Asked once while the file stays as it is: a runner is given the same one stage by stage."""
    argv = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters"]
    argv += ["-max_pixels", str(MAX_PIXELS), *input_options(path)]
    try:
        done = subprocess.run(argv, capture_output=True, timeout=PROBE_TIMEOUT_S, stdin=subprocess.DEVNULL, check=False)
    except FileNotFoundError as error:
        raise ToolMissing("ffprobe is not installed; run: apt-get install ffmpeg") from error
    except subprocess.TimeoutExpired as error:
        raise ToolTimeout(f"{name} could not be examined within {PROBE_TIMEOUT_S} s; it may be damaged") from error
    if done.returncode != 0:
        raise _refusal(name, done.stderr.decode("utf-8", "replace"), is_boxed=_is_boxed(path))
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _refusal(name: str, stderr: str, *, is_boxed: bool) -> NotMedia | SourceTruncated:
    if "moov atom not found" in stderr and is_boxed:
        return SourceTruncated(f"{name} is cut off (its index is missing); copy or upload it again")
    if "not in whitelist" in stderr.lower() or "not on whitelist" in stderr.lower():
        return NotMedia(f"{name} is a playlist or another kind of file that is not media itself; give the media file")
    return NotMedia(f"{name} is not a video or audio file ffmpeg can read; choose another file")


def _is_boxed(path: Path) -> bool:
    """Whether the file begins like an MP4 or MOV: ffmpeg takes the suffix alone for a sign."""
    with path.open("rb") as file:
        return file.read(12)[4:8] in {b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip"}


def _facts(answer: dict[str, Any], size_bytes: int) -> MediaFacts:
    streams = answer["streams"]
    container = answer.get("format", {})
    audio = [stream for stream in streams if stream.get("codec_type") == "audio"]
    subtitles = [stream for stream in streams if stream.get("codec_type") == "subtitle"]
    duration_s = _seconds(container.get("duration")) or max(
        (_seconds(stream.get("duration")) or 0.0 for stream in streams), default=0.0
    )
    return MediaFacts(
        container=container.get("format_name", ""),
        duration_s=duration_s,
        size_bytes=size_bytes,
        video=_video(streams, _seconds(container.get("start_time")) or 0.0),
        audio_tracks=tuple(_audio(index, stream) for index, stream in enumerate(audio)),
        subtitle_tracks=tuple(_subtitle(index, stream) for index, stream in enumerate(subtitles)),
        chapters=tuple(
            Chapter(float(item["start_time"]), float(item["end_time"]), item.get("tags", {}).get("title", ""))
            for item in answer.get("chapters", [])
        ),
    )


def _video(streams: list[dict[str, Any]], zero_s: float) -> VideoTrack | None:
    """`zero_s` is where the file's own clock begins."""
    for stream in streams:
        if stream.get("codec_type") != "video" or stream.get("disposition", {}).get("attached_pic"):
            continue
        rotation = next((int(data["rotation"]) for data in stream.get("side_data_list", []) if "rotation" in data), 0)
        return VideoTrack(
            stream["index"],
            stream.get("codec_name", "unknown"),
            stream.get("width", 0),
            stream.get("height", 0),
            rotation % 360,
            _ratio(stream.get("avg_frame_rate", "0/1")),
            max(0.0, (_seconds(stream.get("start_time")) or 0.0) - zero_s),
        )
    return None


def _audio(index: int, stream: dict[str, Any]) -> AudioTrack:
    return AudioTrack(
        index,
        stream["index"],
        stream.get("codec_name", "unknown"),
        stream.get("channels", 0),
        int(stream.get("sample_rate", 0)),
        _language(stream),
        stream.get("tags", {}).get("title", ""),
        bool(stream.get("disposition", {}).get("default")),
        _seconds(stream.get("duration")) or _clock(stream.get("tags", {}).get("DURATION", "")),
    )


def _subtitle(index: int, stream: dict[str, Any]) -> SubtitleTrack:
    title = stream.get("tags", {}).get("title", "")
    return SubtitleTrack(index, stream["index"], stream.get("codec_name", "unknown"), _language(stream), title)


def _language(stream: dict[str, Any]) -> str:
    language: str = stream.get("tags", {}).get("language", "")
    return "" if language == "und" else language


def _seconds(value: str | None) -> float | None:
    try:
        return float(value) if value is not None else None
    except ValueError:
        return None


def _clock(value: str) -> float | None:
    """Matroska writes a track's duration as the tag `00:01:02.345000000`."""
    try:
        hours, minutes, seconds = value.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None


def _ratio(value: str) -> float:
    numerator, _, denominator = value.partition("/")
    return float(numerator) / float(denominator) if denominator and float(denominator) else 0.0
