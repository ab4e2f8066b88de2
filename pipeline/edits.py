"""Changes made by hand to a dub's segments and regions. They win over what the stages find, on every run.

A file of edits is JSON: {"schema_version": 1, "segments": {"00005": {"translation": "…", "start_s": 12.5}},
"added": [{"id": "00005-2", "start_s": 14.0, "end_s": 15.2, "text": "…", "speaker": "speaker-1"}],
"regions": [{"start_s": 60.0, "end_s": 95.0, "kept": true}]}. A segment is taken out with {"deleted": true}, so a
split or a merge is a deletion and additions.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from pipeline.errors import EditsError
from pipeline.transcript import Segment, Transcript

MAX_BYTES = 20 * 2**20
Seconds = Annotated[float, msgspec.Meta(ge=0, le=10**6)]
Text = Annotated[str, msgspec.Meta(max_length=10_000)]
Id = Annotated[str, msgspec.Meta(pattern=r"^[\w.-]{1,100}$")]  # a phrase of a segment has its id and a slash


class SegmentEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The fields of one segment that were changed."""

    text: Text | msgspec.UnsetType = msgspec.UNSET
    translation: Text | msgspec.UnsetType = msgspec.UNSET
    start_s: Seconds | msgspec.UnsetType = msgspec.UNSET
    end_s: Seconds | msgspec.UnsetType = msgspec.UNSET
    speaker: Id | msgspec.UnsetType = msgspec.UNSET
    kept: bool | msgspec.UnsetType = msgspec.UNSET
    locked: bool | msgspec.UnsetType = msgspec.UNSET
    notes: Text | msgspec.UnsetType = msgspec.UNSET
    deleted: bool = False

    def of_source(self) -> dict[str, Any]:
        """The changed fields but the translation."""
        changed = {
            name: getattr(self, name) for name in self.__struct_fields__ if name not in ("translation", "deleted")
        }
        return {name: value for name, value in changed.items() if value is not msgspec.UNSET}


class AddedSegment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    id: Id
    start_s: Seconds
    end_s: Seconds
    text: Text
    translation: Text | None = None
    speaker: Id = "speaker-1"
    kept: bool = False
    locked: bool = False
    notes: Text = ""


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch that is kept as it is (`kept`), or dubbed although it was taken for singing."""

    start_s: Seconds
    end_s: Seconds
    kept: bool

    def holds(self, segment: Segment) -> bool:
        """Whether most of the segment lies inside."""
        inside_s = min(self.end_s, segment.end_s) - max(self.start_s, segment.start_s)
        return inside_s > segment.duration_s / 2


class Edits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`segments` maps an id to its changed fields; a later region wins over an earlier one."""

    schema_version: Literal[1] = 1
    segments: dict[Id, SegmentEdit] = {}
    added: tuple[AddedSegment, ...] = ()
    regions: tuple[Region, ...] = ()

    def of_source(self, transcript: Transcript) -> Transcript:
        """What is to be translated: segments in order of start, their translations not yet touched.

        Raises EditsError where an edit leaves a segment that ends before it starts.
        """
        found = [self._changed(each) for each in transcript.segments if not self._edit(each).deleted]
        there = {each.id for each in transcript.segments}
        twice = sorted(there.intersection(each.id for each in self.added))
        if twice:
            raise EditsError(f"the edits add a segment {twice[0]}, which is there already; give it another id")
        new = [Segment(**msgspec.structs.asdict(each)) for each in self.added]
        added = [self._changed(each) for each in new if not self._edit(each).deleted]
        together = sorted([*found, *added], key=lambda each: (each.start_s, each.end_s, each.id))
        return replace(transcript, segments=tuple(self._in_region(each) for each in together))

    def of_translation(self, transcript: Transcript) -> Transcript:
        """The translated transcript with the translations written by hand."""
        return replace(transcript, segments=tuple(self._translated(each) for each in transcript.segments))

    def needs_translation(self, segment: Segment) -> bool:
        return not segment.kept and self._by_hand(segment) is None

    def missing_from(self, transcript: Transcript) -> list[str]:
        """Ids that are edited but not there: the segment was recognised anew under another id."""
        there = {segment.id for segment in transcript.segments}
        return sorted(key for key, edit in self.segments.items() if key not in there and not edit.deleted)

    def _edit(self, segment: Segment) -> SegmentEdit:
        return self.segments.get(segment.id, SegmentEdit())

    def _changed(self, segment: Segment) -> Segment:
        change = self._edit(segment).of_source()
        changed = replace(segment, **change)
        if change and changed.end_s <= changed.start_s:
            raise EditsError(f"the edits make segment {segment.id} end before it starts; mend its start_s or end_s")
        # Words are of the recognised sound: text or times that were changed are no longer theirs.
        return replace(changed, words=()) if change.keys() & {"text", "start_s", "end_s"} else changed

    def _in_region(self, segment: Segment) -> Segment:
        if self._edit(segment).kept is not msgspec.UNSET:
            return segment
        holding = [region.kept for region in self.regions if region.holds(segment)]
        return replace(segment, kept=holding[-1]) if holding else segment

    def _by_hand(self, segment: Segment) -> str | None:
        edited = self._edit(segment).translation
        if edited is not msgspec.UNSET:
            return edited
        return next((each.translation for each in self.added if each.id == segment.id), None)

    def _translated(self, segment: Segment) -> Segment:
        by_hand = None if segment.kept else self._by_hand(segment)
        return segment if by_hand is None else replace(segment, translation=by_hand)


def read_edits(path: Path) -> Edits:
    """Raises EditsError naming what is wrong and where."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise EditsError(f"{path.name} is larger than {MAX_BYTES // 2**20} MiB; is it a file of edits?")
        edits = msgspec.json.decode(path.read_bytes(), type=Edits)
    except OSError as error:
        raise EditsError(f"{path.name} cannot be read: {error.strerror}; check the path") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # ValidationError is a DecodeError, and names the place as $.segments[...].start_s
        raise EditsError(f"{path.name} is not a file of edits: {error}; mend it") from error
    ids = [each.id for each in edits.added]
    if len(set(ids)) < len(ids):
        raise EditsError(f"{path.name}: two added segments have the same id; give each its own")
    stretches = [(each.start_s, each.end_s) for each in edits.added]
    stretches += [(each.start_s, each.end_s) for each in edits.regions]
    for start_s, end_s in stretches:
        if end_s <= start_s:
            raise EditsError(f"{path.name}: the stretch at {start_s} s ends before it starts; mend its end_s")
    return edits
