"""Makes readable lines of bare words, for recognisers that know neither capitals nor full stops."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.transcript import Word


def sentence(words: Sequence[Word]) -> str:
    """The words as one English sentence: a capital, `I` where it stands alone, a full stop. Empty for none."""
    line = " ".join(_with_pronoun(word.text) for word in words).strip()
    if not line:
        return ""
    return line[0].upper() + line[1:] + ("" if line.endswith((".", "?", "!")) else ".")


def _with_pronoun(word: str) -> str:
    return "I" + word[1:] if word == "i" or word.startswith("i'") else word
