"""How much one user may ask of this server: the settings, and an administrator's exceptions (`UserLimits`).

Submissions are admitted here; claims read the same limits through `running_limits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from jobs.errors import DailyLimitReached, NotAllowed, TooManyWaiting
from jobs.models import DayCount, Job, JobState, UserLimits
from pipeline.settings import DubSettings, Mode


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of jobs; None is no limit."""

    running: int | None
    waiting: int | None
    a_day: int | None
    may_use_high: bool


def limits_of(user: User) -> Limits:
    own = UserLimits.objects.filter(user=user).first() or UserLimits(user=user)
    return Limits(
        running=_limit(own.max_running, settings.MAX_RUNNING_JOBS_PER_USER),
        waiting=_limit(own.max_waiting, settings.MAX_WAITING_JOBS_PER_USER),
        a_day=_limit(own.max_a_day, settings.MAX_JOBS_PER_DAY_PER_USER),
        may_use_high=is_administrator(user) if own.may_use_high is None else own.may_use_high,
    )


def running_limits(user_ids: Iterable[UUID]) -> dict[UUID, int | None]:
    """How many jobs each of the users may have running; None is no limit. One query for all of them."""
    general = _limit(None, settings.MAX_RUNNING_JOBS_PER_USER)
    limits = {user_id: general for user_id in user_ids}
    exceptions = UserLimits.objects.filter(user__in=limits, max_running__isnull=False)
    for user_id, own in exceptions.values_list("user_id", "max_running"):
        limits[user_id] = _limit(own, settings.MAX_RUNNING_JOBS_PER_USER)
    return limits


def is_administrator(user: User) -> bool:
    return user.is_active and user.is_staff


def admit(owner: User, wanted: Sequence[DubSettings], *, priority: int = 0, now: datetime) -> None:
    """Lets the owner start these jobs, all or none, and counts them; joins the transaction it is called in.

    Raises NotAllowed, TooManyWaiting or DailyLimitReached.
    """
    limits = _locked_limits(owner)
    if priority > 0 and not is_administrator(owner):
        raise NotAllowed(_("Only administrators may let a job go before others; leave the priority out."))
    if not limits.may_use_high and any(settings.mode == Mode.HIGH for settings in wanted):
        raise NotAllowed(_("The mode “high” is for administrators; choose “medium” or ask one of them."))
    _refuse_when_full(owner, limits, len(wanted))
    _count_today(owner, limits, len(wanted), now)


def admit_again(owner: User) -> None:
    """Lets one job of the owner that had left the queue wait in it again. Raises TooManyWaiting."""
    _refuse_when_full(owner, _locked_limits(owner), 1)


def _limit(own: int | None, general: int) -> int | None:
    return (general if own is None else own) or None


def _locked_limits(owner: User) -> Limits:
    """The owner's row stays locked until the transaction ends, so that two submissions at once count each other."""
    return limits_of(User.objects.select_for_update().get(pk=owner.pk))


def _refuse_when_full(owner: User, limits: Limits, more: int) -> None:
    if limits.waiting is None:
        return
    waiting = Job.objects.filter(owner=owner, state=JobState.QUEUED).count()
    if waiting + more > limits.waiting:
        text = _("You have %(count)s jobs waiting and may have %(limit)s; wait for one to start or cancel one.")
        raise TooManyWaiting(text % {"count": waiting, "limit": limits.waiting})


def _count_today(owner: User, limits: Limits, more: int, now: datetime) -> None:
    local = timezone.localtime(now)
    today, _created = DayCount.objects.get_or_create(owner=owner, day=local.date())
    if limits.a_day is not None and today.jobs + more > limits.a_day:
        text = _("You have started %(count)s jobs today and may start %(limit)s; go on after midnight (%(zone)s).")
        values = {"count": today.jobs, "limit": limits.a_day, "zone": timezone.get_current_timezone_name()}
        raise DailyLimitReached(text % values, retry_after_s=_until_midnight_s(local))
    today.jobs += more
    today.save(update_fields=["jobs"])


def _until_midnight_s(local: datetime) -> int:
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time())
    return max(1, round((timezone.make_aware(midnight) - local).total_seconds()))
