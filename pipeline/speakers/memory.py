"""The voice memory of a series: characters keep their voice from episode to episode. Nothing in it lies in clear.

Every file is a Fernet token (AES-128 in CBC mode with HMAC-SHA256), written whole or not at all. The first key
encrypts; the others are older ones that are still read, until `rotate` has written everything anew.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from pipeline.errors import VoiceMemoryError
from pipeline.speakers import KEY_SETTING
from pipeline.speakers.characters import Character, Match, Print, matches
from pipeline.speakers.file import Consent
from pipeline.speakers.found import packed
from pipeline.storage import atomic_path, make_folder, storage_errors
from pipeline.workspace import fingerprint

CHARACTER = ".character"
LEAST_LEARNED_S = 4.0  # of speech: a voiceprint of less would mislead


@dataclass(frozen=True, slots=True)
class Appearance:
    """A speaker of an episode, as the dub of it found and named them. `episode` is any stable name of it."""

    episode: str
    speaker: str
    voiceprint: tuple[float, ...]
    seconds: float
    character: str | None = None  # whom they were matched with
    name: str | None = None  # written by hand


class VoiceMemory:
    """Safe for several dubs at once: each change holds a lock on the folder. Raises VoiceMemoryError, StorageError."""

    def __init__(self, folder: Path, keys: Sequence[str]) -> None:
        self.folder = folder
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise VoiceMemoryError(
                f"the key of the voice memory is not one: {KEY_SETTING} must hold 32 random bytes in URL-safe base64;"
                ' `python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"` makes one'
            ) from error
        self.characters()

    def characters(self) -> list[Character]:
        """In order of id. Raises VoiceMemoryError when a key is missing or a file is damaged."""
        return [self._read(path) for path in sorted(self.folder.glob(f"*{CHARACTER}"))]

    def character(self, id_: str) -> Character:
        path = self._path(id_)
        if not path.is_file():
            raise VoiceMemoryError(f"the voice memory {self.folder} has no character {id_!r}; list them to see the ids")
        return self._read(path)

    def match(self, voiceprints: Mapping[str, Sequence[float]], *, without: str = "") -> dict[str, Match]:
        """See `characters.matches`."""
        return matches(voiceprints, self.characters(), without=without)

    def state(self, *, without: str) -> str | None:
        """Changes when `match` may answer otherwise, but for what was learned in the episode `without`.

        None where no other episode taught anything.
        """
        known = {each.id: [one.vector for one in each.prints if one.episode != without] for each in self.characters()}
        told = {id_: vectors for id_, vectors in known.items() if vectors}
        return fingerprint(told) if told else None

    def learn(self, seen: Appearance) -> Character:
        """Remembers a speaker as the character of that name, or the one they were matched with, or a new one.

        Learning the same episode again changes nothing but what is new. A name is who somebody is: one that is not
        the character's own makes a character of its own, so that a wrong match is corrected by naming the speaker.
        """
        with self._locked():
            known = self.characters()
            before = next((each for each in known if each.has(seen.episode, seen.speaker)), None)
            character = self._recognised(seen, known, before)
            if before is not None and before.id != character.id:
                self._replace(before.without(seen.episode, seen.speaker))
            heard = Print(seen.episode, seen.speaker, round(seen.seconds, 1), packed(seen.voiceprint))
            learned = character.heard(heard) if seen.seconds >= LEAST_LEARNED_S and seen.voiceprint else character
            learned = msgspec.structs.replace(learned, name=seen.name or learned.name)
            if learned.prints:  # somebody of whom nothing is known is nobody one could find again
                self._write(learned)
            return learned

    def rename(self, id_: str, name: str | None) -> None:
        self._change(id_, name=name)

    def set_voice(self, id_: str, language: str, voice: str) -> None:
        with self._locked():
            character = self.character(id_)
            if character.voices.get(language) != voice:
                self._write(msgspec.structs.replace(character, voices={**character.voices, language: voice}))

    def set_consent(self, id_: str, consent: Consent | None) -> None:
        self._change(id_, consent=consent)

    def merge(self, id_: str, into: str) -> Character:
        """Makes one character of two; names, voices and consent of `into` stay."""
        with self._locked():
            gone, kept = self.character(id_), self.character(into)
            if gone.id == kept.id:
                return kept
            merged = msgspec.structs.replace(
                kept,
                name=kept.name or gone.name,
                prints=(*kept.prints, *gone.prints),
                voices={**gone.voices, **kept.voices},
            )
            self._write(merged)
            self._remove(gone.id)
            return merged

    def split(self, id_: str, episodes: Sequence[str], name: str | None = None) -> Character:
        """Takes what was heard in `episodes` out of a character, as a new one without voice or consent."""
        with self._locked():
            character = self.character(id_)
            taken = tuple(each for each in character.prints if each.episode in episodes)
            if not taken or len(taken) == len(character.prints):
                raise VoiceMemoryError(
                    f"character {id_!r} is in {', '.join(character.episodes)}; name some of these episodes, not all"
                )
            kept = tuple(each for each in character.prints if each not in taken)
            self._write(msgspec.structs.replace(character, prints=kept))
            other = Character(_new_id(), name, taken)
            self._write(other)
            return other

    def forget(self, id_: str) -> None:
        """Removes a character with everything that is known of them."""
        with self._locked():
            self.character(id_)
            self._remove(id_)

    def rotate(self) -> None:
        """Writes everything anew under the first key, after which the older ones are not needed."""
        with self._locked():
            for character in self.characters():
                self._write(character)

    def _recognised(self, seen: Appearance, known: Sequence[Character], before: Character | None) -> Character:
        if seen.name:
            named = next((each for each in known if (each.name or "").casefold() == seen.name.casefold()), None)
            if named is not None:
                return named
        matched = next((each for each in known if each.id == seen.character), None)
        if before is not None and seen.voiceprint and not before.sounded_like(seen.voiceprint, seen.episode):
            before = None  # the number was somebody else's: speakers were counted otherwise then
        likely = matched or before
        if likely is None or (seen.name and likely.name):
            return Character(_new_id())
        return likely

    def _change(self, id_: str, **changes: str | Consent | None) -> None:
        with self._locked():
            self._write(msgspec.structs.replace(self.character(id_), **changes))

    def _replace(self, character: Character) -> None:
        self._write(character) if character.prints else self._remove(character.id)

    def _write(self, character: Character) -> None:
        with atomic_path(self._path(character.id)) as temporary:
            temporary.write_bytes(self._fernet.encrypt(msgspec.json.encode(character)))

    def _read(self, path: Path) -> Character:
        try:
            character = msgspec.json.decode(self._opened(path), type=Character)
        except msgspec.DecodeError as error:
            raise VoiceMemoryError(f"{path} is of another version of the program; update, or delete it") from error
        if path.name != character.id + CHARACTER:
            raise VoiceMemoryError(f"{path} was renamed from {character.id}{CHARACTER}; give it back its name")
        return character

    def _opened(self, path: Path) -> bytes:
        try:
            with storage_errors(self.folder):
                return self._fernet.decrypt(path.read_bytes())
        except InvalidToken as error:
            raise VoiceMemoryError(
                f"the key does not open the voice memory {self.folder}, or {path.name} is damaged;"
                f" give the key it was made with in {KEY_SETTING}"
            ) from error

    def _remove(self, id_: str) -> None:
        self._path(id_).unlink(missing_ok=True)

    def _path(self, id_: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{16}", id_):
            raise VoiceMemoryError(f"{id_!r} is no id of a character; list them to see the ids")
        return self.folder / f"{id_}{CHARACTER}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._make_folder()
        with storage_errors(self.folder), open(self.folder / ".lock", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _make_folder(self) -> None:
        """For its owner only, unless somebody keeps other files there already."""
        make_folder(self.folder)
        with storage_errors(self.folder):
            if not any(self.folder.iterdir()):
                self.folder.chmod(0o700)


def existing_memory(folder: Path, environment: Mapping[str, str] | None = None) -> VoiceMemory | None:
    """None where nothing was ever learned; nothing is written. Raises VoiceMemoryError."""
    return open_memory(folder, environment) if any(folder.glob(f"*{CHARACTER}")) else None


def open_memory(folder: Path, environment: Mapping[str, str] | None = None) -> VoiceMemory:
    """With the keys in DUBBING_VOICE_KEY (the newest first), else those of the file beside the folder.

    The file is made, readable by its owner only, for a folder without a character. Raises VoiceMemoryError.
    """
    given = (os.environ if environment is None else environment).get(KEY_SETTING, "")
    keys = given.replace(",", " ").split() or _keys_beside(folder.absolute())
    return VoiceMemory(folder.absolute(), keys)


def _keys_beside(folder: Path) -> list[str]:
    path = folder.with_name(f".{folder.name}.key")
    if not path.exists():
        if any(folder.glob(f"*{CHARACTER}")):
            raise VoiceMemoryError(
                f"the key of the voice memory {folder} is missing: put {path} back, or set {KEY_SETTING}"
            )
        make_folder(folder.parent)
        with storage_errors(folder.parent):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(Fernet.generate_key() + b"\n")
    with storage_errors(folder.parent):
        return path.read_text("ascii").split()


def _new_id() -> str:
    return secrets.token_hex(8)
