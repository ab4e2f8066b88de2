"""What is inside a media file, asked of ffprobe in a bounded way. Nothing is guessed from the name."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.errors import NotMedia, SourceNotFound, SourceTruncated
from pipeline.media import not_media, restricted
from pipeline.media.restricted import Answer, End

# Demuxers of files that carry their own media. Playlists (hls, concat, dash), image sequences and text formats are
# left out on purpose: they can make ffmpeg open other files.
CONTAINERS = (
    "mov,mp4,matroska,webm,avi,asf,flv,mpegts,mpeg,mxf,wav,w64,aiff,au,caf,flac,wv,ape,mp3,aac,ac3,eac3,dts,ogg,amr"
)
# What is asked for and nothing else: a file may carry any number of other words about itself.
WANTED = (
    "format=format_name,duration,start_time"
    ":stream=index,codec_type,codec_name,width,height,avg_frame_rate,start_time,duration,channels,sample_rate"
    ":stream_tags=title,language,DURATION:stream_disposition=default,attached_pic:stream_side_data=rotation"
    ":chapter=start_time,end_time:chapter_tags=title"
)
KEPT_ANSWERS = 16
MAX_STREAMS = 256  # subtitled films carry their fonts as streams, 80 and more
MAX_CHAPTERS = 1000
MAX_PIXELS = 8192 * 8192  # a larger frame could take gigabytes to decode
MAX_DURATION_S = 24 * 3600.0
MAX_READ_BYTES = 5_000_000  # ffmpeg's own default for getting to know the streams of a file
MAX_TITLE_CHARACTERS = 500
MAX_LANGUAGE_CHARACTERS = 35  # what BCP 47 asks programs to have room for


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
    """The ffmpeg input options that keep a file from making ffmpeg open another one or the network, or fill memory."""
    return {"protocol_whitelist": "file,pipe", "format_whitelist": CONTAINERS, "max_pixels": str(MAX_PIXELS)}


def input_options(path: Path) -> list[str]:
    """The ffmpeg or ffprobe options that open `path` and nothing else, ending with `-i file:…`."""
    guards = [part for key, value in input_guards().items() for part in (f"-{key}", value)]
    return [*guards, "-i", f"file:{path.absolute()}"]


def probe(path: Path, *, display_name: str | None = None) -> MediaFacts:
    """Facts about `path`, asked of ffprobe within the limits of `pipeline.media.restricted`.

    Raises SourceNotFound, NotMedia (with the reason) and SourceTruncated, which the file is to blame for, and
    ToolMissing, ToolTimeout and ToolError, which it is not.
    """
    name = display_name or path.name
    _require_file(path, name)
    now = path.stat()
    answer = _ffprobe(path, name, now.st_size, now.st_mtime_ns)
    if not answer.get("streams"):
        raise NotMedia(f"{name} {not_media.reason(_head(path))}")
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
    arguments = ["-v", "error", "-of", "json", "-show_entries", WANTED]
    arguments += ["-max_streams", str(MAX_STREAMS), "-probesize", str(MAX_READ_BYTES), *input_options(path)]
    answer = restricted.ask("ffprobe", arguments)
    _refuse(answer, name, path)
    found: dict[str, Any] = json.loads(answer.output.decode("utf-8", "replace"))
    if len(found.get("chapters", [])) > MAX_CHAPTERS:
        raise NotMedia(f"{name} has more than {MAX_CHAPTERS} chapters; save it again without them")
    return found


def _refuse(answer: Answer, name: str, path: Path) -> None:
    """Raises NotMedia or SourceTruncated unless ffprobe could answer."""
    said = answer.complaints
    if "max_streams" in said:
        raise NotMedia(f"{name} has more than {MAX_STREAMS} streams; save it again with those you need")
    if "max pixel count" in said:
        raise NotMedia(f"{name} has pictures of more than {MAX_PIXELS // 10**6} megapixels; save it smaller")
    if answer.end is End.WELL:
        return
    if answer.end is End.OUT_OF_TIME:
        raise NotMedia(f"{name} takes more than {restricted.CPU_S} s of work to examine; it is damaged, save it again")
    if answer.end is End.OUT_OF_ROOM:
        raise NotMedia(f"{name} says too much of itself (titles, chapters); save it again without them")
    if "Cannot allocate memory" in said:
        raise NotMedia(f"{name} takes too much memory to examine; it is damaged, save it again")
    if answer.end is End.CRASHED:
        raise NotMedia(f"{name} is damaged in a way that ends ffprobe; save it again")
    head = _head(path)
    why = not_media.reason(head)
    if "moov atom not found" in said and not_media.is_boxed(head) and why == not_media.UNKNOWN:
        raise SourceTruncated(f"{name} is cut off (its index is missing); copy or upload it again")
    raise NotMedia(f"{name} {why}")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(not_media.HEAD_BYTES)


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
            Chapter(float(item["start_time"]), float(item["end_time"]), _title(item))
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
        _title(stream),
        bool(stream.get("disposition", {}).get("default")),
        _seconds(stream.get("duration")) or _clock(stream.get("tags", {}).get("DURATION", "")),
    )


def _subtitle(index: int, stream: dict[str, Any]) -> SubtitleTrack:
    codec = stream.get("codec_name", "unknown")
    return SubtitleTrack(index, stream["index"], codec, _language(stream), _title(stream))


def _language(stream: dict[str, Any]) -> str:
    language: str = stream.get("tags", {}).get("language", "")
    return "" if language == "und" or len(language) > MAX_LANGUAGE_CHARACTERS else language


def _title(part: dict[str, Any]) -> str:
    title: str = part.get("tags", {}).get("title", "")
    return title[:MAX_TITLE_CHARACTERS]


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
