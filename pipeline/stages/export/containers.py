"""The containers a dub is written to, and how ffmpeg makes each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline import languages
from pipeline.media import ffmpeg
from pipeline.media.probe import input_options
from pipeline.progress import Level, StageName
from pipeline.settings import BurnIn
from pipeline.stages.base import Plan, StageContext
from pipeline.stages.export.names import TARGET
from pipeline.stages.export.sources import PICTURE_SHARE, Sources
from pipeline.stages.export.texts import subtitle_tracks
from pipeline.stages.mix import BED_AUDIO, DIALOGUE_AUDIO, DUB_AUDIO
from pipeline.storage import write_text

# What the MP4 muxer takes and players of MP4 understand; anything else stays in the MKV.
MP4_VIDEO = {"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video"}
MP4_AUDIO = {"aac", "mp3", "ac3", "eac3", "opus", "alac"}
STEMS = {DIALOGUE_AUDIO: "Dialogue", BED_AUDIO: "Music and effects"}


@dataclass(frozen=True, slots=True)
class Container:
    """One output file: what kind of artifact it is and how ffmpeg makes it."""

    kind: str
    suffix: str
    muxer: str
    subtitle_codec: str | None  # None: the container carries no subtitles
    keeps_original: bool = True
    keeps_stems: bool = False
    options: tuple[str, ...] = ()


MP4 = Container("mp4", "mp4", "mp4", "mov_text", options=("-movflags", "+faststart"))
MKV = Container("mkv", "mkv", "matroska", "srt", keeps_stems=True)
M4A = Container("audio", "m4a", "ipod", None, keeps_original=False, options=("-movflags", "+faststart"))
MKA = Container("mka", "mka", "matroska", "srt", keeps_stems=True)


@dataclass(frozen=True, slots=True)
class Track:
    """One stream of an output file: where ffmpeg finds it (`inputs` are its arguments) and what it does with it."""

    inputs: tuple[str, ...]  # empty: the source, which is always input 0
    stream: str
    codec: str
    language: str = ""
    title: str = ""


def containers(context: StageContext) -> Iterator[Container]:
    video = context.plan.facts.video
    if video is None:
        yield from (M4A, MKA)
        return
    if video.codec in MP4_VIDEO or context.plan.settings.burn_in is not BurnIn.NONE:
        yield MP4
    else:
        message = f"{video.codec} video does not fit into MP4 without re-encoding; the dub is in the MKV"
        context.report.log(message, Level.WARNING)
    yield MKV


def mux(
    context: StageContext,
    container: Container,
    temporary: Path,
    taken: Sources,
    texts: dict[str, Path],
    position: tuple[int, int],
) -> None:
    """Writes one container; `position` is (its number, how many there are) for the progress bar."""
    sounds = list(_sounds(context, container, taken))
    lines = [_text(context.plan, which, path) for which, path in subtitle_tracks(texts, "srt").items()]
    tracks = [*_picture(taken), *sounds, *(lines if container.subtitle_codec else [])]
    inputs, maps = _mapped(context.plan, tracks)
    chapters = "0"
    if taken.times.passages:
        chapters = str(inputs.count("-i"))
        inputs += ["-f", "ffmetadata", "-i", ffmpeg.output(_chapters(context, taken))]
    first = PICTURE_SHARE if taken.is_picture_made else 0.0
    number, total = position
    ffmpeg.run(
        [
            *inputs, *maps, "-map_metadata", "0", "-map_chapters", chapters, "-c:v", "copy",
            *_described(sounds, "a"), *(_described(lines, "s") if container.subtitle_codec else []),
            *(["-c:s", container.subtitle_codec] if container.subtitle_codec else []),
            *container.options, "-f", container.muxer, ffmpeg.output(temporary),
        ],
        what=f"write the {container.suffix.upper()}",
        cancel=context.cancel,
        duration_s=taken.duration_s,
        on_fraction=lambda part: context.report.fraction(first + (1 - first) * (number + part) / total),
    )  # fmt: skip


def _picture(taken: Sources) -> Iterator[Track]:
    if taken.picture is None:
        return
    yield Track(taken.made_picture, "v:0" if taken.is_picture_made else "v", "copy")


def _sounds(context: StageContext, container: Container, taken: Sources) -> Iterator[Track]:
    plan, mix = context.plan, context.records[StageName.MIX]
    title = f"{languages.name(plan.target_language)} dub"
    yield Track(_file(context, DUB_AUDIO), "a:0", "copy", plan.target_language, title)
    if container.keeps_original:
        fits = container.muxer == "matroska" or taken.original_codec in MP4_AUDIO
        inputs = ("-i", ffmpeg.output(taken.original)) if taken.original else ()
        stream = "a:0" if taken.original else str(plan.track.stream_index)
        yield Track(inputs, stream, "copy" if fits else "aac", plan.source_language, "Original")
    if container.keeps_stems:
        for name, stem_title in STEMS.items():
            if name in mix.outputs:
                language = plan.target_language if name == DIALOGUE_AUDIO else ""
                yield Track(_file(context, name), "a:0", "copy", language, stem_title)


def _file(context: StageContext, name: str) -> tuple[str, str]:
    return "-i", ffmpeg.output(context.workspace.path(StageName.MIX, name))


def _text(plan: Plan, which: str, path: Path) -> Track:
    language = plan.target_language if which == TARGET else plan.source_language
    return Track(("-f", "srt", "-i", ffmpeg.output(path)), "s:0", "", language)


def _mapped(plan: Plan, tracks: list[Track]) -> tuple[list[str], list[str]]:
    """The arguments for all inputs, the source first, and those that take each track from its own."""
    inputs, maps, number = input_options(plan.source), [], 0
    for track in tracks:
        if track.inputs:
            inputs += track.inputs
            number += 1
        maps += ["-map", f"{number if track.inputs else 0}:{track.stream}"]
    return inputs, maps


def _described(tracks: list[Track], kind: str) -> Iterator[str]:
    """Codec, language, title and disposition of each track; the first sound is the default one."""
    for index, track in enumerate(tracks):
        if track.codec:
            yield from (f"-c:{kind}:{index}", track.codec)
        if track.codec == "aac":  # its usual coder was seen to hang
            yield from (f"-aac_coder:{kind}:{index}", "fast")
        if track.language:
            yield from (f"-metadata:s:{kind}:{index}", f"language={languages.iso639_2(track.language)}")
        if track.title:
            yield from (f"-metadata:s:{kind}:{index}", f"title={track.title}")
        yield from (f"-disposition:{kind}:{index}", "default" if kind == "a" and index == 0 else "0")


def _chapters(context: StageContext, taken: Sources) -> Path:
    """The source's chapters at the times of a slowed picture, as ffmpeg reads them."""
    path = context.workspace.path(StageName.EXPORT, "chapters.ffmeta")
    rows = [";FFMETADATA1"]
    for chapter in context.plan.facts.chapters:
        start_ms, end_ms = (round(taken.times.to_output(at_s) * 1000) for at_s in (chapter.start_s, chapter.end_s))
        title = re.sub(r"([=;#\\\n])", r"\\\1", chapter.title)
        rows += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start_ms}", f"END={end_ms}", f"title={title}"]
    write_text(path, "\n".join(rows) + "\n")
    return path
