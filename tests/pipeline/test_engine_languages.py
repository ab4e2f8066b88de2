"""Languages as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import languages
from pipeline.errors import SettingsError


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("ES", "es"),
        ("spa", "es"),
        ("Spanish", "es"),
        ("español", "es"),
        (" pt_br ", "pt-BR"),
        ("cmn", "zh"),
        ("no", "nb"),
        ("fre", "fr"),
        ("日本語", "ja"),
    ],
)
def test_a_language_is_found_however_it_is_typed(typed: str, code: str) -> None:
    assert languages.parse(typed) == code


def test_a_slip_of_the_finger_gets_a_hint() -> None:
    with pytest.raises(SettingsError, match="did you mean Spanish"):
        languages.parse("Spannish")


@pytest.mark.parametrize("nothing", ["", "xx", "und", "mul", "zxx", "--help", "../etc"])
def test_what_is_no_language_is_refused(nothing: str) -> None:
    with pytest.raises(SettingsError, match="there is no language"):
        languages.parse(nothing)


@settings(deadline=None)
@given(st.text(max_size=20))
def test_anything_typed_gives_a_stable_tag_or_a_clear_refusal(typed: str) -> None:
    try:
        code = languages.parse(typed)
    except SettingsError:
        return
    assert languages.parse(code) == code
    assert languages.name(code)


def test_containers_get_three_letters() -> None:
    assert [languages.iso639_2(code) for code in ("fr", "de", "pt-BR", "nb")] == ["fra", "deu", "por", "nob"]
