"""The stages of a dub, one module each: what it is made from (`inputs`) and how (`run`)."""

from pipeline.stages import export, extract, mix, synthesize, transcribe, translate
from pipeline.stages.base import Stage

STAGES: tuple[Stage, ...] = (
    extract.STAGE,
    transcribe.STAGE,
    translate.STAGE,
    synthesize.STAGE,
    mix.STAGE,
    export.STAGE,
)
