"""Where picture and original sound come from: the source itself, or what was made of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ffmpeg as graph

from pipeline.media import ffmpeg
from pipeline.media.probe import VideoTrack, input_guards
from pipeline.media.slowing import slow_picture
from pipeline.progress import StageName
from pipeline.settings import BurnIn
from pipeline.stages.base import Plan, StageContext
from pipeline.stages.export.texts import subtitle_tracks
from pipeline.stages.synthesize import original_sound, read_times
from pipeline.storage import PARTIAL_SUFFIX
from pipeline.timing.retiming import TimeMap

# What burned-in subtitles are encoded to: plays everywhere, and is hardly told from the source.
ENCODE = {"c:v": "libx264", "preset": "veryfast", "crf": "20", "pix_fmt": "yuv420p"}
MADE_CODEC = "h264"
PICTURE_SHARE = 0.6  # of the stage's progress, where the picture is changed


@dataclass(frozen=True, slots=True)
class Sources:
    """`picture` and `original` are the source itself or Matroska and FLAC files made of it; no picture is None.

    `picture_start_s` is when the first frame is shown.
    """

    picture: Path | None
    picture_start_s: float
    picture_index: int  # of its stream in the source
    picture_codec: str
    is_picture_made: bool
    original: Path | None  # None: the track of the source
    original_codec: str
    times: TimeMap
    duration_s: float  # of the output

    @property
    def made_picture(self) -> tuple[str, ...]:
        """The options that open a picture that was made; ffmpeg counts every file from its first frame."""
        if self.picture is None or not self.is_picture_made:
            return ()
        return "-itsoffset", f"{self.picture_start_s:.6f}", "-f", "matroska", "-i", ffmpeg.output(self.picture)


@contextmanager
def sources(context: StageContext, texts: dict[str, Path]) -> Iterator[Sources]:
    """The source itself; slowed or drawn over first where that was asked for, in files that are then removed."""
    plan, video = context.plan, context.plan.facts.video
    times = read_times(context.workspace)
    drawn = context.workspace.path(StageName.EXPORT, f"drawn.mkv{PARTIAL_SUFFIX}")
    slow = context.workspace.path(StageName.EXPORT, f"slow.mkv{PARTIAL_SUFFIX}")
    picture = plan.source
    start_s = times.to_output(video.start_s) if video else 0.0
    try:
        if video and times.passages:
            _slow(context, times, slow)
            picture = slow
        if video and plan.settings.burn_in is not BurnIn.NONE:
            _burn(context, _opened(plan, video, picture, start_s), subtitle_tracks(texts, "ass"), drawn)
            picture = drawn
        is_made = picture != plan.source
        yield Sources(
            picture if video else None,
            start_s,
            video.stream_index if video else 0,
            MADE_CODEC if is_made else video.codec if video else "",
            is_made,
            original_sound(context) if times.passages else None,
            "flac" if times.passages else plan.track.codec,
            times,
            times.to_output(plan.facts.duration_s),
        )
    finally:
        drawn.unlink(missing_ok=True)
        slow.unlink(missing_ok=True)


def _slow(context: StageContext, times: TimeMap, target: Path) -> None:
    slow_picture(
        context.plan.source,
        context.plan.facts,
        times,
        target,
        cancel=context.cancel,
        on_fraction=lambda part: context.report.fraction(PICTURE_SHARE / 2 * part),
    )


def _opened(plan: Plan, video: VideoTrack, picture: Path, start_s: float) -> graph.Stream:
    """The picture for a filter graph: the source's own, or that of a file made of it, which begins at `start_s`."""
    name = f"file:{picture.absolute()}"
    if picture == plan.source:
        return graph.input(name, **input_guards())[str(video.stream_index)]
    return graph.input(name, f="matroska", itsoffset=f"{start_s:.6f}")["v:0"]


def _burn(context: StageContext, stream: graph.Stream, tracks: dict[str, Path], target: Path) -> None:
    """Draws the subtitles into the picture. Without lines in that language the picture is encoded as it is."""
    which = context.plan.settings.burn_in.value
    # libass is given a name without a character that means something in a filter graph.
    with tempfile.TemporaryDirectory(prefix="burn") as folder:
        if which in tracks:
            drawn = Path(folder, "lines.ass")
            drawn.write_bytes(tracks[which].read_bytes())
            stream = stream.filter("subtitles", str(drawn))
        else:
            context.report.log(f"there are no {which} subtitles to draw into the picture")
        ffmpeg.run(
            graph.output(stream, ffmpeg.output(target), **ENCODE, f="matroska").get_args(),
            what="draw the subtitles into the picture",
            cancel=context.cancel,
            duration_s=context.plan.facts.duration_s,
            on_fraction=lambda part: context.report.fraction(PICTURE_SHARE * part),
        )
