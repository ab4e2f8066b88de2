"""How much disk a dub needs, reckoned from its plan before anything is written."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.progress import StageName
from pipeline.stages.base import Plan
from pipeline.storage import require_free_space
from pipeline.workspace import Workspace

# Of every channel and second: the blend is float32 at 48 kHz; the original and its bed, as FLAC, were measured at
# 90 kB each.
BLEND_BYTES_PER_SECOND = 192_000
ORIGINAL_BYTES_PER_SECOND = 95_000
BED_BYTES_PER_SECOND = 95_000
CLIPS_BYTES_PER_SECOND = 10_000
STEMS = 2  # blended like the whole, where they are asked for
OUTPUTS_PER_SOURCE = 2  # MP4 and MKV both carry the picture
BASE_BYTES = 4 * 2**20  # texts, records, journals
OUTPUT_BASE_BYTES = 32 * 2**20


def require_space(plan: Plan, workspace: Workspace, stages: Iterable[StageName]) -> None:
    """Raises DiskFull where what `stages` are going to write does not fit."""
    coming = set(stages)
    require_free_space(workspace.root, sum(_kept_bytes(plan, stage) for stage in coming - {StageName.EXPORT}))
    if StageName.EXPORT in coming:
        require_free_space(plan.output_dir, plan.facts.size_bytes * OUTPUTS_PER_SOURCE + OUTPUT_BASE_BYTES)


def _kept_bytes(plan: Plan, stage: StageName) -> int:
    """What `stage` adds to the workspace, temporary files included."""
    blends = 1 + STEMS if plan.settings.stems else 1
    of_a_channel = {
        StageName.EXTRACT: ORIGINAL_BYTES_PER_SECOND,
        StageName.SYNTHESIZE: CLIPS_BYTES_PER_SECOND,
        StageName.SEPARATE: BED_BYTES_PER_SECOND if plan.separation else 0,
        StageName.MIX: blends * BLEND_BYTES_PER_SECOND,
    }
    return int(plan.facts.duration_s * of_a_channel.get(stage, 0) * max(2, plan.track.channels)) + BASE_BYTES
