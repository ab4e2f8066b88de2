"""Which engines there are and which one a dub uses (promises E1, E4). The only way stages reach an engine.

An engine is an entry point in the group `dubbing_pipeline.engines`, ours or another package's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import cast

from pipeline import languages
from pipeline.engines.base import (
    AsrEngine,
    Engine,
    EngineKind,
    Readiness,
    TranslationEngine,
    TtsEngine,
    Voice,
)
from pipeline.engines.broken import BrokenEngine
from pipeline.errors import EngineNotReady, EngineUnknown, PairUnsupported, VoiceUnknown
from pipeline.languages import Language
from pipeline.settings import AUTO

GROUP = "dubbing_pipeline.engines"
LISTED_VOICES = 12  # an error stays one readable line
WORK = {
    EngineKind.ASR: "speech recognition",
    EngineKind.TRANSLATION: "translation",
    EngineKind.TTS: "speech synthesis",
}


@dataclass(frozen=True, slots=True)
class AsrSelection:
    engine: AsrEngine
    why: str


@dataclass(frozen=True, slots=True)
class TranslationSelection:
    engine: TranslationEngine
    why: str
    route: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TtsSelection:
    engine: TtsEngine
    why: str
    voice: Voice


Selection = AsrSelection | TranslationSelection | TtsSelection


def engines(kind: EngineKind) -> list[Engine]:
    """Every engine of a kind, the best first; one that does not load is there too, never ready."""
    return sorted(_loaded()[kind], key=lambda engine: (-engine.quality, engine.name))


def get(kind: EngineKind, name: str) -> Engine:
    """Raises EngineUnknown naming the ones there are."""
    for engine in engines(kind):
        if engine.name == name:
            return engine
    known = ", ".join(engine.name for engine in engines(kind)) or "none"
    raise EngineUnknown(f"there is no {WORK[kind]} engine {name!r}; there are: {known}")


def readiness(engine: Engine) -> Readiness:
    """As the engine says; a check that fails is a reason, not the end of everybody's."""
    try:
        return engine.readiness()
    except Exception as error:
        return Readiness(False, f"its own check failed: {type(error).__name__}: {error}")


def select_asr(name: str, language: str) -> AsrSelection:
    """Raises EngineUnknown, EngineNotReady and PairUnsupported, each with what to do."""
    spoken = languages.name(language)

    def fits(engine: Engine) -> bool:
        return cast(AsrEngine, engine).supports(language)

    engine, why = _choose(
        EngineKind.ASR,
        name,
        f"recognises {spoken}",
        fits,
        lambda engine: f"{engine} does not recognise {spoken}; give subtitles in {spoken} with --subs FILE",
    )
    return AsrSelection(cast(AsrEngine, engine), why)


def select_translation(name: str, source: str, target: str) -> TranslationSelection:
    """Raises EngineUnknown, EngineNotReady and PairUnsupported, each with what to do."""

    def fits(engine: Engine) -> bool:
        return cast(TranslationEngine, engine).route(source, target) is not None

    def refusal(engine: str) -> str:
        return (
            f"{engine} has no way from {languages.name(source)} to {languages.name(target)}"
            f"{_reachable(engine, source)}; or give subtitles that are translated already: "
            "--subs FILE --subs-are target"
        )

    pair = f"translates {languages.name(source)} to {languages.name(target)}"
    engine, why = _choose(EngineKind.TRANSLATION, name, pair, fits, refusal)
    translator = cast(TranslationEngine, engine)
    route = translator.route(source, target)
    assert route is not None  # noqa: S101 - `fits` just said so
    if len(route) > 2:
        why += " through " + " and ".join(languages.name(code) for code in route[1:-1])
    return TranslationSelection(translator, why, route)


def select_tts(name: str, language: str, voice: str | None) -> TtsSelection:
    """`voice` is an id or a name of the engine's; auto looks for it in every ready engine.

    Raises EngineUnknown, EngineNotReady, PairUnsupported and VoiceUnknown, each with what to do.
    """
    spoken = languages.name(language)

    def fits(engine: Engine) -> bool:
        voices = cast(TtsEngine, engine).voices(language)
        return _find_voice(voices, voice) is not None if voice and name == AUTO else bool(voices)

    if voice and name == AUTO and not _anybody_has(language, voice):
        raise _voice_unknown(voice, language, [each for each in engines(EngineKind.TTS) if _speaks(each, language)])
    engine, why = _choose(
        EngineKind.TTS,
        name,
        f"speaks {spoken}" + (f" with the voice {voice}" if voice else ""),
        fits,
        lambda engine: f"{engine} does not speak {spoken}; `dub languages` lists what can be spoken here",
    )
    speaker = cast(TtsEngine, engine)
    chosen = _find_voice(speaker.voices(language), voice)
    if chosen is None:
        raise _voice_unknown(str(voice), language, [engine])
    return TtsSelection(speaker, why, chosen)


def target_languages() -> list[Language]:
    """Every language a ready speech engine speaks, by name."""
    codes = {
        code
        for engine in engines(EngineKind.TTS)
        if readiness(engine).is_ready
        for code in cast(TtsEngine, engine).languages()
    }
    return sorted((Language(code, languages.name(code)) for code in codes), key=lambda each: each.name)


def _choose(
    kind: EngineKind,
    name: str,
    does: str,
    fits: Callable[[Engine], bool],
    refusal: Callable[[str], str],
) -> tuple[Engine, str]:
    if name != AUTO:
        engine = get(kind, name)
        _require_ready(engine)
        if not fits(engine):
            raise PairUnsupported(refusal(engine.name))
        return engine, "asked for by name"
    passed_over: list[str] = []
    for engine in engines(kind):
        state = readiness(engine)
        if not state.is_ready:
            passed_over.append(f"{engine.name} is not ready: {_advice(state)}")
        elif fits(engine):
            return engine, "; ".join([f"the best ready engine that {does}", *passed_over])
    raise _nobody(kind, does, fits, refusal, passed_over)


def _nobody(
    kind: EngineKind,
    does: str,
    fits: Callable[[Engine], bool],
    refusal: Callable[[str], str],
    passed_over: Sequence[str],
) -> EngineNotReady | PairUnsupported:
    """When auto finds nothing: the best ready engine's refusal, and what installing would change."""
    ready = [engine.name for engine in engines(kind) if readiness(engine).is_ready and engine.name != "identity"]
    unready = "; ".join(passed_over)
    if not ready:
        return EngineNotReady(f"no {WORK[kind]} engine is ready: {unready or 'none is installed'}")
    return PairUnsupported(refusal(ready[0]) + (f" ({unready})" if unready else ""))


def _require_ready(engine: Engine) -> None:
    state = readiness(engine)
    if not state.is_ready:
        raise EngineNotReady(f"{engine.name} is not ready: {_advice(state)}")


def _advice(state: Readiness) -> str:
    return state.reason + (f"; to fix it: {state.fix}" if state.fix else "")


def _reachable(name: str, source: str) -> str:
    targets = cast(TranslationEngine, get(EngineKind.TRANSLATION, name)).targets(source)
    if not targets:
        return f"; it knows no way from {languages.name(source)} at all"
    return f"; from {languages.name(source)} it can reach: {', '.join(sorted(targets))}"


def _find_voice(voices: Sequence[Voice], wanted: str | None) -> Voice | None:
    if wanted is None:
        return voices[0] if voices else None
    folded = wanted.casefold()
    return next((each for each in voices if folded in (each.id.casefold(), each.name.casefold())), None)


def _speaks(engine: Engine, language: str) -> bool:
    return readiness(engine).is_ready and bool(cast(TtsEngine, engine).voices(language))


def _anybody_has(language: str, voice: str) -> bool:
    """True too when nobody speaks the language: that is then the reason to give, not the voice."""
    speakers = [each for each in engines(EngineKind.TTS) if _speaks(each, language)]
    return not speakers or any(_find_voice(cast(TtsEngine, each).voices(language), voice) for each in speakers)


def _voice_unknown(voice: str, language: str, speakers: Sequence[Engine]) -> VoiceUnknown:
    names = [each.id for engine in speakers for each in cast(TtsEngine, engine).voices(language)]
    more = f" and {len(names) - LISTED_VOICES} more" if len(names) > LISTED_VOICES else ""
    return VoiceUnknown(
        f"there is no {languages.name(language)} voice {voice!r}; there are: {', '.join(names[:LISTED_VOICES])}{more}"
    )


@cache
def _loaded() -> dict[EngineKind, list[Engine]]:
    found: dict[EngineKind, list[Engine]] = {kind: [] for kind in EngineKind}
    for point in entry_points(group=GROUP):
        try:
            engine = cast(Engine, point.load())
            found[EngineKind(engine.kind)].append(engine)
        except Exception as error:  # one package's mistake must not take the others' engines away
            for kind in EngineKind:  # nobody knows of which kind it would have been
                found[kind].append(BrokenEngine(point.name, point.value, error, kind))
    return found
