"""speakers.json, beside the outputs: who speaks, as the dub found it and as the user corrects it by hand.

What is written by hand (name, voice, gender, same_as, consent, segments) is kept and wins over what is found, on
every run; what the dub found (seconds, pitch_hz, heard_as, spoken_with, picked, character, character_name, likeness,
voiceprint) is written anew, but for the voiceprint of a speaker with consent: it says whose consent that is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from pipeline.errors import SpeakersFileError
from pipeline.settings import MAX_SPEAKERS
from pipeline.speakers.found import FoundSpeaker, packed
from pipeline.storage import write_json
from pipeline.transcript import Segment, Transcript

SPEAKERS_JSON = "speakers.json"
MAX_BYTES = 20 * 2**20
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
SpeakerId = Annotated[str, msgspec.Meta(pattern=r"^[\w-]{1,100}$")]  # files are named by it


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That somebody allows a clone of their voice: who said so, and when."""

    by: Name
    at: Name


class Speaker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: SpeakerId
    name: Name | None = None
    voice: Name | None = None  # None: one is picked
    gender: Literal["female", "male"] | None = None  # None: as it is heard
    same_as: Name | None = None  # the speaker this one really is
    consent: Consent | None = None
    seconds: float = 0.0
    pitch_hz: float | None = None
    heard_as: str = ""
    spoken_with: str | None = None
    picked: str | None = None  # the last voice that nobody asked for: it comes back when nobody asks for another
    character: str | None = None
    character_name: str | None = None
    likeness: float | None = None
    voiceprint: str | None = None  # see `found.packed`

    @property
    def called(self) -> str | None:
        """By hand, else as the character of the series is."""
        return self.name or self.character_name

    @property
    def is_by_hand(self) -> bool:
        return any((self.name, self.voice, self.gender, self.same_as, self.consent))


class SpeakersFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`segments` gives single segments, by id, to another speaker than was found."""

    schema_version: Literal[1] = 1
    speakers: Annotated[tuple[Speaker, ...], msgspec.Meta(max_length=10 * MAX_SPEAKERS)] = ()
    segments: dict[Name, Name] = {}

    def speaker(self, id_: str) -> Speaker | None:
        return next((each for each in self.speakers if each.id == id_), None)

    def really(self, id_: str) -> str:
        """Who a speaker is, after `same_as`."""
        entry = self.speaker(id_)
        return self.really(entry.same_as) if entry and entry.same_as else id_

    def corrected(self, transcript: Transcript) -> Transcript:
        """The segments given to the speakers the user says; a piece of a split segment follows its whole."""
        return replace(transcript, segments=tuple(self._corrected(segment) for segment in transcript.segments))

    def corrections(self) -> dict[str, Any]:
        """What of the file changes who says what: part of a fingerprint."""
        same = {each.id: each.same_as for each in self.speakers if each.same_as}
        return {"same_as": same, "segments": self.segments}

    def wanted_voices(self) -> dict[str, str]:
        return {each.id: each.voice for each in self.speakers if each.voice}

    def earlier_voices(self) -> dict[str, str]:
        """What was picked for each speaker the last time."""
        return {each.id: each.picked for each in self.speakers if each.picked}

    def merged(
        self, found: Sequence[FoundSpeaker], voices: Mapping[str, str], picked: Mapping[str, str]
    ) -> SpeakersFile:
        """This file with what was found now; an entry nobody wrote in goes when its speaker is no longer found.

        `voices` maps a speaker to the id of the voice that speaks for it; `picked` are those nobody asked for.
        """
        own = [self.speaker(each.id) or Speaker(each.id) for each in found]
        entries = [
            _renewed(entry, each, voices.get(entry.id), picked.get(entry.id))
            for entry, each in zip(own, found, strict=True)
        ]
        there = {entry.id for entry in entries}
        named = {self.really(id_) for id_ in self.segments.values()} | set(self.segments.values())
        kept = [each for each in self.speakers if each.id not in there and (each.is_by_hand or each.id in named)]
        gone = [msgspec.structs.replace(each, seconds=0.0, spoken_with=voices.get(each.id)) for each in kept]
        return msgspec.structs.replace(self, speakers=(*entries, *gone))

    def named(self, names: Mapping[str, str | None]) -> SpeakersFile:
        """With the names of the characters of the series, by speaker."""
        speakers = [msgspec.structs.replace(each, character_name=names.get(each.id)) for each in self.speakers]
        return msgspec.structs.replace(self, speakers=tuple(speakers))

    def _corrected(self, segment: Segment) -> Segment:
        by_hand = self.segments.get(segment.id) or self.segments.get(segment.id.rstrip("abcdefghijklmnopqrstuvwxyz"))
        return replace(segment, speaker=self.really(by_hand or segment.speaker))


def read_speakers(path: Path) -> SpeakersFile:
    """An empty one where there is no file. Raises SpeakersFileError naming the line or the field."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SpeakersFileError(f"{path.name} is larger than {MAX_BYTES // 2**20} MiB; is it a file of speakers?")
        file = msgspec.convert(json.loads(path.read_text("utf-8")), SpeakersFile)
    except FileNotFoundError:
        return SpeakersFile()
    except OSError as error:
        raise SpeakersFileError(f"{path.name} cannot be read: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise SpeakersFileError(f"{path.name} is not UTF-8 text; save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise SpeakersFileError(
            f"{path.name}, line {error.lineno}, column {error.colno}: {error.msg}; mend it, or delete the file"
        ) from error
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        # The last two are json's for numbers of thousands of digits and thousands of brackets.
        raise SpeakersFileError(f"{path.name}: {error}; mend it, or delete the file") from error
    _require_sense(file, path.name)
    return file


def write_speakers(path: Path, file: SpeakersFile) -> None:
    """Raises DiskFull and OutputNotWritable."""
    write_json(path, msgspec.to_builtins(file))


def _require_sense(file: SpeakersFile, name: str) -> None:
    ids = [each.id for each in file.speakers]
    for index, each in enumerate(file.speakers):
        place = f"{name}: speakers[{index}] ({each.id})"
        if each.id in ids[:index]:
            raise SpeakersFileError(f"{place}: there are two speakers of this id; merge them or rename one")
        if each.same_as and each.same_as not in ids:
            raise SpeakersFileError(f"{place}: same_as names {each.same_as!r}, who is not in the file; mend the name")
        _refuse_circle(file, each, place)
    for segment, speaker in file.segments.items():
        if speaker not in ids:
            raise SpeakersFileError(
                f"{name}: segments[{segment!r}] names {speaker!r}, who is not in the file; add that speaker or mend it"
            )


def _refuse_circle(file: SpeakersFile, first: Speaker, place: str) -> None:
    seen = {first.id}
    entry: Speaker | None = first
    while entry is not None and entry.same_as:
        if entry.same_as in seen:
            raise SpeakersFileError(f"{place}: same_as goes in a circle; leave it out of one of them")
        seen.add(entry.same_as)
        entry = file.speaker(entry.same_as)


def _renewed(entry: Speaker, found: FoundSpeaker, voice: str | None, picked: str | None) -> Speaker:
    heard = packed(found.voiceprint) if found.voiceprint else None
    return msgspec.structs.replace(
        entry,
        seconds=round(found.seconds, 1),
        pitch_hz=found.pitch_hz,
        heard_as=found.gender,
        spoken_with=voice,
        picked=picked or entry.picked,
        character=found.character,
        likeness=found.likeness,
        voiceprint=entry.voiceprint if entry.consent else heard,
    )
