"""Which engine a dub uses, and what is said when none can."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.engines import registry
from pipeline.engines.base import EngineKind
from pipeline.errors import EngineNotReady, EngineUnknown, PairUnsupported, VoiceUnknown
from tests.pipeline.engine_options import known_pairs


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package with one engine that works and one that does not import."""
    (tmp_path / "parrot.py").write_text(
        "from pipeline.engines.base import READY, EngineKind\n"
        "class Parrot:\n"
        "    name, kind, quality = 'parrot', EngineKind.TRANSLATION, 90\n"
        "    def readiness(self): return READY\n"
        "    def version(self): return '1'\n"
        "    def route(self, source, target): return (source, target) if target == 'tlh' else None\n"
        "    def targets(self, source): return ('tlh',)\n"
        "ENGINE = Parrot()\n"
        "class Faulty(Parrot):\n"
        "    name = 'faulty'\n"
        "    def readiness(self): raise ZeroDivisionError('oops')\n"
        "FAULTY = Faulty()\n"
    )
    metadata = tmp_path / "parrot-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: parrot\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        f"[{registry.GROUP}]\nparrot = parrot:ENGINE\nfaulty = parrot:FAULTY\nghost = no_such_module:ENGINE\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._loaded.cache_clear()
    yield tmp_path
    sys.modules.pop("parrot", None)
    registry._loaded.cache_clear()


@pytest.fixture
def pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APERTIUM_DATADIR", str(known_pairs(tmp_path)))


def test_every_engine_of_ours_is_found() -> None:
    names = {kind: {engine.name for engine in registry.engines(kind)} for kind in EngineKind}

    assert names[EngineKind.ASR] >= {"pocketsphinx", "faster-whisper"}
    assert names[EngineKind.TRANSLATION] >= {"apertium", "identity"}
    assert names[EngineKind.TTS] >= {"espeak-ng", "flite"}


def test_auto_takes_the_best_ready_engine_and_says_why_the_better_ones_were_not() -> None:
    selection = registry.select_asr("auto", "en")

    assert selection.engine.name == "pocketsphinx"
    assert "faster-whisper is not ready: no Whisper model is configured" in selection.why


def test_auto_speaks_english_with_flite_and_the_rest_with_espeak() -> None:
    assert registry.select_tts("auto", "en", None).engine.name == "flite"
    assert registry.select_tts("auto", "es", None).engine.name == "espeak-ng"


def test_auto_keeps_the_words_only_for_the_same_language() -> None:
    assert registry.select_translation("auto", "en", "en-GB").engine.name == "identity"
    assert registry.select_translation("auto", "en", "es").engine.name == "apertium"


@pytest.mark.usefixtures("pairs")
def test_a_route_through_a_third_language_is_told() -> None:
    selection = registry.select_translation("auto", "en", "fr")

    assert selection.route == ("en", "es", "fr")
    assert "through Spanish" in selection.why


@pytest.mark.usefixtures("pairs")
def test_an_impossible_pair_names_what_is_possible() -> None:
    with pytest.raises(PairUnsupported, match=r"English to Japanese; from English .*: ca, es, fr; .*--subs-are target"):
        registry.select_translation("auto", "en", "ja")
    with pytest.raises(PairUnsupported, match="apertium cannot translate Japanese to English"):
        registry.select_translation("apertium", "ja", "en")


def test_a_language_nobody_recognises_points_to_subtitles() -> None:
    with pytest.raises(PairUnsupported, match="no ready engine can recognise Japanese; give subtitles"):
        registry.select_asr("auto", "ja")


def test_an_engine_that_is_not_ready_says_what_would_help() -> None:
    with pytest.raises(EngineNotReady, match=r"faster-whisper is not ready: .* set DUBBING_WHISPER_MODEL"):
        registry.select_asr("faster-whisper", "en")


def test_an_unknown_engine_lists_the_known_ones() -> None:
    with pytest.raises(EngineUnknown, match="there is no speech synthesis engine 'siri'; there are: flite, espeak-ng"):
        registry.select_tts("siri", "en", None)


def test_a_voice_is_found_in_whichever_engine_has_it() -> None:
    assert registry.select_tts("auto", "en", "rms").engine.name == "flite"
    assert registry.select_tts("auto", "en", "EN-US+f2").engine.name == "espeak-ng"


@pytest.mark.parametrize("engine", ["auto", "espeak-ng"])
def test_an_unknown_voice_lists_the_voices(engine: str) -> None:
    with pytest.raises(VoiceUnknown, match=r"no Spanish voice 'bob'; there are: es, es\+f2"):
        registry.select_tts(engine, "es", "bob")


def test_more_than_a_hundred_languages_can_be_spoken() -> None:
    spoken = {language.code: language.name for language in registry.target_languages()}

    assert len(spoken) > 100
    assert spoken["es"] == "Spanish"
    assert spoken["zh"] == "Chinese"


def test_another_packages_engine_is_chosen_when_it_is_better(third_party: Path) -> None:
    assert registry.select_translation("auto", "en", "tlh").engine.name == "parrot"


def test_a_broken_package_is_listed_with_its_reason_and_breaks_nothing(third_party: Path) -> None:
    assert registry.select_translation("auto", "en", "es").engine.name == "apertium"
    with pytest.raises(EngineNotReady, match="ghost is not ready: no_such_module:ENGINE could not be loaded"):
        registry.select_tts("ghost", "en", None)
    with pytest.raises(EngineNotReady, match="its own check failed: ZeroDivisionError: oops"):
        registry.select_translation("faulty", "en", "es")
