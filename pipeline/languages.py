"""Language tags as people type them and as tools want them: thin over langcodes.

Everywhere else in the pipeline a language is a canonical BCP 47 tag (`es`, `pt-BR`, `zh`).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache

import langcodes

from pipeline.errors import SettingsError

# One tag a language: what people ask for on the left of what the registry of tags also allows.
PREFERRED = {"cmn": "zh", "no": "nb"}
NOT_LANGUAGES = (None, "und", "mul", "zxx", "mis")  # undetermined, several, none, uncoded
SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    name: str


def parse(tag: str) -> str:
    """The canonical tag for `ES`, `spa`, `es_mx`, `Spanish` or `español`.

    Raises SettingsError with the closest names when there is no such language.
    """
    asked = tag.strip()
    code = canonical(asked) or _code_of_name(asked)
    if code is None:
        raise SettingsError(f"there is no language {asked!r}{_hint(asked)}; give a code such as es or pt-BR")
    return code


def canonical(tag: str) -> str | None:
    """The canonical tag, or None when `tag` is not one; never guesses from names."""
    try:
        language = langcodes.Language.get(tag)
        if not language.is_valid() or language.language in NOT_LANGUAGES or name(tag).startswith("Unknown"):
            return None
        standard = langcodes.standardize_tag(language)
    except (LookupError, ValueError):  # LanguageTagError is a ValueError
        return None
    primary, dash, rest = standard.partition("-")
    return PREFERRED.get(primary, primary) + dash + rest


def primary(tag: str) -> str:
    """The language without region or script: `pt` for `pt-BR`."""
    return tag.partition("-")[0]


@cache
def name(tag: str) -> str:
    """The English name of a tag, the tag itself where there is none."""
    try:
        return langcodes.Language.get(tag).display_name("en")
    except (LookupError, ValueError):
        return tag


def iso639_2(code: str) -> str:
    """The three letters containers want: the terminology code (`fra`); Matroska's muxer makes `fre` of it."""
    try:
        return langcodes.Language.get(code).to_alpha3(variant="T")
    except (LookupError, ValueError):
        return "und"


def _code_of_name(text: str) -> str | None:
    if not any(each.isalpha() for each in text) or not text.isprintable():
        return None
    try:
        return canonical(str(langcodes.find(text)))
    except (LookupError, ValueError):  # its table of names can answer what is no text
        return None


def _hint(asked: str) -> str:
    names = {name(code).lower(): name(code) for code in _common_codes()}
    close = difflib.get_close_matches(asked.lower(), names, n=SUGGESTIONS, cutoff=0.6)
    if not close:
        return ""
    return "; did you mean " + " or ".join(names[each] for each in close) + "?"


@cache
def _common_codes() -> tuple[str, ...]:
    """The two-letter codes: the languages a typing slip can mean."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    codes = (canonical(first + second) for first in letters for second in letters)
    return tuple(sorted({code for code in codes if code and "-" not in code}))
