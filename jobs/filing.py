"""Where a job is filed, whether retention leaves it alone, and how it stands among others in the queue."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum, auto
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from jobs.errors import NotAllowed
from jobs.models import Job, Project
from jobs.orders import Filed
from jobs.quotas import is_administrator
from jobs.services import locked
from library import services as library


class Stays(Enum):
    """In place of a value that does not change."""

    AS_IT_IS = auto()


AS_IT_IS = Stays.AS_IT_IS
PLACE = frozenset({"series", "season", "episode"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """New values of a job's fields."""

    project: Project | Stays | None = AS_IT_IS
    series: str | Stays = AS_IT_IS
    season: int | Stays | None = AS_IT_IS
    episode: int | Stays | None = AS_IT_IS
    pinned: bool | Stays = AS_IT_IS
    priority: int | Stays = AS_IT_IS


@transaction.atomic
def change(job_id: UUID, changes: Changes, *, by: User) -> Job:
    """All of it or nothing. A new priority holds from the next claim on. Raises NotAllowed."""
    if changes.priority is not AS_IT_IS and not is_administrator(by):
        raise NotAllowed(_("Only administrators may change the priority of a job."))
    job = locked(job_id)
    given = {field.name: getattr(changes, field.name) for field in fields(changes)}
    new = {name: value for name, value in given.items() if value is not AS_IT_IS}
    for name, value in new.items():
        setattr(job, name, value)
    job.save(update_fields=list(new))
    if "priority" in new:
        job.shards.update(priority=job.priority)
    if PLACE & new.keys():
        library.refile(job.id, place_of(job))
    return job


def place_of(job: Job) -> library.Place:
    return library.Place(job.series, job.season, job.episode)


def refile(job_id: UUID, filed: Filed, *, by: User) -> Job:
    where = Changes(project=filed.project, series=filed.series_name, season=filed.season, episode=filed.episode)
    return change(job_id, where, by=by)


def pin(job_id: UUID, *, by: User) -> Job:
    """Retention leaves the job, its upload and its dub alone from now on."""
    return change(job_id, Changes(pinned=True), by=by)


def unpin(job_id: UUID, *, by: User) -> Job:
    return change(job_id, Changes(pinned=False), by=by)
