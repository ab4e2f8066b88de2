"""Lines that would not fit without being rushed, reworded to a length budget: before they are spoken where that
is foreseen, afterwards where it turns out so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.progress import StageName
from pipeline.stages.base import StageContext, identity
from pipeline.stages.synthesize.clips import Clips
from pipeline.stages.synthesize.lines import Line, Say, Script, reworded
from pipeline.storage import write_text
from pipeline.text.rewriting import shorten
from pipeline.timing.budget import budgets_s
from pipeline.timing.prediction import SCHEMA_VERSION, Predictor
from pipeline.transcript import Segment
from pipeline.workspace import Journal, fingerprint

CALIBRATION_LINES = 12  # of every voice are spoken first; a predictor knows a voice's speed by then
# Foreseen lengths are 5 % off in the middle and 15 % at worst: only what is surely too long is reworded unheard.
SURELY = 1.15
CALIBRATION_SHARE = (0.05, 0.15)  # of the stage's progress
NATURAL_SHARE = (0.15, 0.65)
REWORDED_SHARE = (0.65, 0.7)


def foreseen(context: StageContext, clips: Clips, script: Script) -> list[Line]:
    """The lines as they are to be spoken first: what will surely be too long is reworded unheard.

    What was foreseen of a line is written down, so that it is worded alike whatever has been spoken by then.
    """
    budget_s = _budgets_s(context, script.lines, script.kept)
    predictors = _predictors(context, clips, script.lines)
    made_from = {"schema": SCHEMA_VERSION, "engine": identity(context.plan.tts)}
    path = context.workspace.path(StageName.SYNTHESIZE, f"foreseen-{fingerprint(made_from)[:16]}.jsonl")
    worded = []
    with Journal(path) as journal:
        for line in script.lines:
            key = f"{clips.name(line)} {budget_s[line.id]:.3f}"
            length_s = journal.get(key)
            if length_s is None:
                length_s = 0.0 if clips.has(line) else predictors[line.voice.id].predict_s(line.said)
                journal.put(key, length_s)
            is_too_long = length_s > budget_s[line.id] * SURELY
            worded.append(_shortened(context, line, length_s, budget_s[line.id], script.say) if is_too_long else line)
    return worded


def heard(
    context: StageContext, clips: Clips, lines: Sequence[Line], script: Script
) -> tuple[list[Line], dict[str, float]]:
    """The lines as they are worded in the end, each spoken at its natural speed, and their lengths in seconds by id."""
    budget_s = _budgets_s(context, lines, script.kept)
    clips.speak(lines, {}, NATURAL_SHARE)
    heard_s = {line.id: clips.length_s(line) for line in lines}
    worded = [
        _shortened(context, line, heard_s[line.id], budget_s[line.id], script.say)
        if heard_s[line.id] > budget_s[line.id]
        else line
        for line in lines
    ]
    clips.speak(worded, {}, REWORDED_SHARE)
    return worded, {line.id: clips.length_s(line) for line in worded}


def _budgets_s(context: StageContext, lines: Sequence[Line], kept: Sequence[Segment]) -> dict[str, float]:
    return budgets_s([line.segment for line in lines], context.plan.facts.duration_s, kept)


def _shortened(context: StageContext, line: Line, length_s: float, budget_s: float, say: Say) -> Line:
    """The line in fewer words, as far as the rules for its language go; a locked one stays as it is."""
    text = line.segment.translation or ""
    if line.segment.locked or not length_s:
        return line
    shorter = shorten(text, context.plan.target_language, int(len(text) * budget_s / length_s))
    return line if shorter == text else reworded(line, shorter, say)


def _predictors(context: StageContext, clips: Clips, lines: Sequence[Line]) -> Mapping[str, Predictor]:
    """A predictor for every voice. What it learns from a voice's first lines is kept: the same line is foreseen to be
    as long in every run, so that a later run rewords, and therefore speaks, nothing anew.
    """
    by_voice: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_voice[line.voice.id].append(line)
    paths = {voice: _path(context, voice) for voice in by_voice}
    unknown = {voice: by_voice[voice][:CALIBRATION_LINES] for voice, path in paths.items() if not path.exists()}
    clips.speak([line for first in unknown.values() for line in first], {}, CALIBRATION_SHARE)
    for voice, first in unknown.items():
        predictor = Predictor(context.plan.target_language)
        for line in first:
            predictor.learn(line.said, clips.length_s(line))
        write_text(paths[voice], predictor.to_json())
    return {voice: Predictor.from_json(path.read_text("utf-8")) for voice, path in paths.items()}


def _path(context: StageContext, voice_id: str) -> Path:
    key = fingerprint({"version": SCHEMA_VERSION, "engine": identity(context.plan.tts), "voice": voice_id})[:16]
    return context.workspace.path(StageName.SYNTHESIZE, f"speed-{key}.json")
