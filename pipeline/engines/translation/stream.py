"""Apertium's stream format: how plain text goes in and comes out of a chain of its tools. Pure functions.

Source: https://wiki.apertium.org/wiki/Apertium_stream_format, and what the tools were seen to do.
"""

from __future__ import annotations

import re
import unicodedata

SPECIAL = "[]{}^$@\\/<>"
END = b"\0"
# A full stop that ends the sentence for the tagger without being the user's, then the superblank that makes
# the whole chain flush at the NUL: without it the chain waits for more for ever.
TAIL = ".[][\n]"

_TAIL_BLANK = b"[\n]"
_ESCAPED_OR_SUPERBLANK = re.compile(r"\\(.)|\[(?:\\.|[^\]\\])*\]", re.DOTALL)


def encode(line: str) -> bytes:
    """One request: `line` on a single line, without control characters, special characters escaped."""
    text = "".join("\\" + each if each in SPECIAL else each for each in clean(line))
    return (text + TAIL).encode("utf-8", "ignore") + END


def decode(answer: bytes) -> str:
    """The text of one answer (without its NUL)."""
    text = answer.replace(END, b"").decode("utf-8", "replace").rstrip("\n")
    head, dot, rest = text.rpartition(".[]")
    text = head + rest if dot else text
    plain = _ESCAPED_OR_SUPERBLANK.sub(lambda found: found[1] or "", text)
    return " ".join(plain.split())


def is_whole(answer: bytes) -> bool:
    """Whether the request's tail came through: a chain with a dead link can end a line that never went through."""
    return _TAIL_BLANK in answer


def clean(line: str) -> str:
    """Single spaces for white space; no control characters or lone surrogates, which no tool survives."""
    kept = "".join(each for each in line if each.isspace() or unicodedata.category(each) not in ("Cc", "Cs"))
    return " ".join(kept.split())
