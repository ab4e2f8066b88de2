"""Writing down how an attempt at a shard ended: each in one transaction that the fencing token must open."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from jobs import chain, claims, failpoints, filing, releases, services
from jobs.claims import Taker
from jobs.execution.outcomes import Broke, Delayed, DubFiles, Finished, Outcome, Refused, Stopped, StopReason
from jobs.execution.renewing import renewed
from jobs.execution.telling import part_finished
from jobs.models import JobState, Shard
from jobs.services import Claim, NewEvent
from library import services as library


def settle(
    shard: Shard, claim: Claim, outcome: Outcome, events: Sequence[NewEvent], taker: Taker | None = None
) -> Claim | None:
    """What the taker goes on with, where it was decided in the same transaction. Raises LeaseLost."""
    match outcome:
        case Finished(dub=None):
            return _finish(shard, claim, outcome, events, taker)
        case Finished(dub=DubFiles() as dub):
            _publish(shard, claim, outcome, dub, events)
        case Stopped(reason=StopReason.CANCELED):
            releases.cancel(claim)
        case Stopped(reason=StopReason.PAUSED):
            releases.give_back(claim, _("The dub is paused."))
        case Stopped(reason=StopReason.DRAINED):
            releases.give_back(claim, _("The worker stops; the job waits again."))
        case Delayed():
            delay_s = outcome.again_delay_s if shard.error_code == outcome.code else outcome.delay_s
            releases.give_back(claim, outcome.message, code=outcome.code, delay_s=delay_s)
        case Refused():
            releases.fail(claim, outcome.code, outcome.message, events)
        case Broke():
            releases.fail_attempt(claim, outcome.code, outcome.message, events)
    return None


@transaction.atomic
def _finish(
    shard: Shard, claim: Claim, finished: Finished, events: Sequence[NewEvent], taker: Taker | None
) -> Claim | None:
    """The shard is done, and what follows waits or is held already, or its job is done: both or neither."""
    transaction.on_commit(partial(failpoints.reach, "after_finish_commit"))  # before the doorbell's
    services.finish(shard, claim, finished.result)
    services.note(shard.job, [*events, *part_finished(shard)])
    coming, held = chain.following(shard), None
    if coming is None:
        shard.job.summary = finished.dub.summary if finished.dub else {}
        services.change(shard.job, JobState.DONE)
    else:
        held = claims.go_on(shard.job, coming, taker) if taker else None
        chain.add(shard.job, coming)
        releases.end_canceled(shard.job)
    failpoints.reach("before_finish_commit")
    return Claim(held.id, shard.job.id, held.fencing_token, held) if held else None


def _publish(shard: Shard, claim: Claim, finished: Finished, dub: DubFiles, events: Sequence[NewEvent]) -> None:
    """The dub is in the library and its job done: both or neither."""
    job = shard.job

    def finish() -> library.Place:
        _finish(shard, claim, finished, events, None)
        return filing.place_of(shard.job)

    with renewed(claim):  # moving takes a while where the library is on another disk
        library.publish(
            library.FinishedDub(
                owner=job.owner,
                job_id=job.id,
                title=job.name,
                source_language=dub.summary["languages"]["source"],
                target_language=job.dub_settings.target_language,
                duration_s=job.upload.media.get("duration_s"),
                files=dub.artifacts,
            ),
            in_same_transaction=finish,
        )
