"""Whether recognised text can be what was said: a recogniser given music, noise or another language makes up text.

Pure; it looks at the text and its amount alone. It is careful: a line said three times, a refrain or a short clip is
not garbage.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

# From Whisper: text that gzip makes smaller than this is a loop (`compression_ratio_threshold` in
# https://github.com/openai/whisper/blob/main/whisper/transcribe.py), judged over what is said in about 30 s.
LOOP_COMPRESSION = 2.4
PASSAGE_CHARACTERS = 500
PHRASE_WORDS = 3
# So few of a loop's three-word phrases are new ones. Lines of a drill or a song, put together from the same parts,
# compress as well as a loop, but half of their phrases are new (six lines by chance: 0.50 in the mean).
NEW_PHRASES = 0.33
NEW_WORDS = 0.25  # what a recogniser makes of laughter: a few words, in any order (0.20 to 0.25 of them new)
PHRASE_REPEATS = 6  # less often is a refrain, or a way of speaking
MOSTLY = 0.6  # of the text

# Slow readers say 1.5 words a second of speech; a third of that means that most of it was not understood.
FEWEST_WORDS_PER_S = 0.5
ENOUGH_SPEECH_S = 10.0  # less is too little to tell


class Fault(StrEnum):
    EMPTY = "empty"
    ONE_PHRASE = "one_phrase"
    HARDLY_ANY = "hardly_any"


@dataclass(frozen=True, slots=True)
class Amount:
    """How much a recogniser made of how much speech, in words and in seconds in which somebody speaks."""

    words: int
    speech_s: float


def fault(lines: Sequence[str], amount: Amount | None = None) -> Fault | None:
    """What is wrong with a transcript as a whole; None where it may be right. `amount` is unknown for subtitles."""
    if not any(character.isalnum() for line in lines for character in line):
        return Fault.EMPTY
    if repeated_share(lines) > MOSTLY:
        return Fault.ONE_PHRASE
    if amount and amount.speech_s >= ENOUGH_SPEECH_S and amount.words < FEWEST_WORDS_PER_S * amount.speech_s:
        return Fault.HARDLY_ANY
    return None


def repeated_share(lines: Sequence[str]) -> float:
    """The share of the text, in characters, that lies in passages which say one phrase over and over."""
    text = re.sub(r"[^\w\s]|_", "", " ".join(lines).casefold())
    text = " ".join(text.split())
    if max(_phrases(text).values(), default=0) < PHRASE_REPEATS:
        return 0.0
    passages = [text[at : at + PASSAGE_CHARACTERS] for at in range(0, len(text), PASSAGE_CHARACTERS)]
    loops = sum(len(passage) for passage in passages if is_loop(passage))
    return loops / len(text)


def is_loop(passage: str) -> bool:
    """Whether a passage of about PASSAGE_CHARACTERS or less says one phrase, or a few words, over and over."""
    if compression(passage) <= LOOP_COMPRESSION:
        return False
    phrases, words = _phrases(passage), passage.split()
    has_few_words = _is_parted(passage) and len(set(words)) <= NEW_WORDS * len(words)
    return has_few_words or len(phrases) <= NEW_PHRASES * phrases.total()


def compression(text: str) -> float:
    """How many times smaller zlib makes `text`.

    Unlike in Whisper every character counts as one byte: in UTF-8 ordinary Hindi or Thai looks like a loop, because
    two of the three bytes of each letter are always the same.
    """
    letters = {letter: number % 256 for number, letter in enumerate(sorted(set(text)))}
    data = bytes(letters[letter] for letter in text)
    return len(data) / len(zlib.compress(data)) if data else 0.0


def _phrases(text: str) -> Counter[tuple[str, ...]]:
    """How often each phrase is said: of whole words, or of letters where words are not parted."""
    pieces = text.split() if _is_parted(text) else [letter for letter in text if not letter.isspace()]
    return Counter(tuple(pieces[at : at + PHRASE_WORDS]) for at in range(len(pieces) - PHRASE_WORDS + 1))


def _is_parted(text: str) -> bool:
    """Whether there are spaces between words."""
    return len(text.split()) * 20 > len(text)
