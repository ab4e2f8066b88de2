"""HLS for phones: the picture once, both sounds as alternates, both subtitles (RFC 8216)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipeline import languages
from pipeline.media import ffmpeg
from pipeline.media.probe import input_options
from pipeline.progress import StageName
from pipeline.stages.base import StageContext
from pipeline.stages.export.names import TARGET, playlist_folder
from pipeline.stages.export.sources import Sources
from pipeline.stages.export.texts import subtitle_tracks
from pipeline.stages.mix import DUB_AUDIO
from pipeline.storage import PARTIAL_SUFFIX, make_folder

MASTER = "master.m3u8"
SEGMENT_S = 6
# Apple's rules for HLS ask for these two; a player in a browser knows the same. Others are encoded again, for HLS only.
HLS_VIDEO = {"h264": (), "hevc": ("-tag:v", "hvc1")}
# Transport streams carry AAC with headers that MP4 must not have; from other files it passes through.
ENCODED_AAC = ("aac", "-aac_coder:a:1", "fast")  # its usual coder was seen to hang
COPIED_AAC = ("copy", "-bsf:a:1", "aac_adtstoasc")
GROUP = "text"


def write_hls(context: StageContext, taken: Sources, texts: dict[str, Path]) -> list[Path]:
    """Writes the folder of the playlist and returns its files, the master playlist first."""
    final = playlist_folder(context.plan)
    folder = final.with_name(f".{final.name}{PARTIAL_SUFFIX}")
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    try:
        _segment(context, taken, folder)
        _add_subtitles(context, taken, folder, subtitle_tracks(texts, "vtt"))
        shutil.rmtree(final, ignore_errors=True)
        folder.rename(final)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rest = sorted(path for path in final.iterdir() if path.name != MASTER)
    return [final / MASTER, *rest]


def remove_hls(context: StageContext) -> None:
    """Removes the playlist of an earlier dub, which would be of other sounds; a folder without one is not ours."""
    folder = playlist_folder(context.plan)
    if (folder / MASTER).exists():
        shutil.rmtree(folder, ignore_errors=True)


def _segment(context: StageContext, taken: Sources, folder: Path) -> None:
    plan = context.plan
    inputs = [*input_options(plan.source), "-i", ffmpeg.output(context.workspace.path(StageName.MIX, DUB_AUDIO))]
    picture, original = f"0:{taken.picture_index}", f"0:{plan.track.stream_index}"
    if taken.made_picture:
        picture = f"{inputs.count('-i')}:v:0"
        inputs += taken.made_picture
    if taken.original is not None:
        original = f"{inputs.count('-i')}:a:0"
        inputs += ["-i", ffmpeg.output(taken.original)]
    ffmpeg.run(
        [
            *inputs, *(["-map", picture] if taken.picture else []), "-map", "1:a:0", "-map", original,
            *_video(taken), "-c:a:0", "copy", "-c:a:1", *(COPIED_AAC if taken.original_codec == "aac" else ENCODED_AAC),
            "-map_metadata", "-1", "-map_chapters", "-1", "-f", "hls", "-hls_time", str(SEGMENT_S),
            "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "-hls_flags", "independent_segments",
            "-hls_fmp4_init_filename", "init_%v.mp4", "-hls_segment_filename", "%v_%05d.m4s",
            "-master_pl_name", MASTER, "-var_stream_map", _variants(context, taken),
            "%v.m3u8",
        ],
        what="write the playlist for phones",
        cancel=context.cancel,
        duration_s=taken.duration_s,
        folder=folder,  # whose own name may have a % in it
    )  # fmt: skip


def _video(taken: Sources) -> list[str]:
    if taken.picture is None:
        return []
    if taken.picture_codec in HLS_VIDEO:
        return ["-c:v", "copy", *HLS_VIDEO[taken.picture_codec]]
    frames = f"expr:gte(t,n_forced*{SEGMENT_S})"
    return ["-c:v", "libx264", "-preset", "veryfast", "-force_key_frames", frames]


def _variants(context: StageContext, taken: Sources) -> str:
    """The picture with its group of sounds; a recording's sounds are variants of one another."""
    dub, source = (languages.iso639_2(each) for each in (context.plan.target_language, context.plan.source_language))
    sounds = f"a:0,agroup:sound,language:{dub},name:dub,default:yes a:1,agroup:sound,language:{source},name:original"
    return f"v:0,agroup:sound,name:picture {sounds}" if taken.picture is not None else sounds


def _add_subtitles(context: StageContext, taken: Sources, folder: Path, tracks: dict[str, Path]) -> None:
    """Each language as one WebVTT segment, and its line in the master playlist."""
    for which, path in tracks.items():
        shutil.copyfile(path, folder / f"{which}.vtt")
        rows = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{round(taken.duration_s + 1)}"]
        rows += ["#EXT-X-PLAYLIST-TYPE:VOD", f"#EXTINF:{taken.duration_s:.3f},", f"{which}.vtt", "#EXT-X-ENDLIST"]
        (folder / f"{which}.m3u8").write_text("\n".join(rows) + "\n")
    master = folder / MASTER
    master.write_text("\n".join(_master(context, master.read_text().splitlines(), list(tracks))) + "\n")


def _master(context: StageContext, rows: list[str], tracks: list[str]) -> Iterator[str]:
    """With the subtitles, and with names people can choose a sound by in place of ffmpeg's."""
    for row in rows:
        if row.startswith("#EXT-X-STREAM-INF") and tracks:
            for which in tracks:
                code = context.plan.target_language if which == TARGET else context.plan.source_language
                yield (
                    f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="{GROUP}",NAME="{languages.name(code)}",LANGUAGE="{code}",'
                    f'DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="{which}.m3u8"'
                )
            yield f'{row},SUBTITLES="{GROUP}"'
        elif 'URI="dub.m3u8"' in row:
            yield re.sub('NAME="[^"]*"', f'NAME="{languages.name(context.plan.target_language)}"', row)
        elif 'URI="original.m3u8"' in row:
            yield re.sub('NAME="[^"]*"', 'NAME="Original"', row)
        else:
            yield row
