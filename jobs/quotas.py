"""How much one user may ask of this server: the settings, and an administrator's exceptions (`UserLimits`).

Submissions are admitted here; claims read the same limits through `running_limit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scopes import Role
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
        running=running_limit(own.max_running),
        waiting=_limit(own.max_waiting, settings.MAX_WAITING_JOBS_PER_USER),
        a_day=_limit(own.max_a_day, settings.MAX_JOBS_PER_DAY_PER_USER),
        may_use_high=is_administrator(user) if own.may_use_high is None else own.may_use_high,
    )


def running_limit(exception: int | None) -> int | None:
    """How many jobs a user with this exception, if any, may have running; None is no limit."""
    return _limit(exception, settings.MAX_RUNNING_JOBS_PER_USER)


def is_administrator(user: User) -> bool:
    return user.is_active and user.role == Role.ADMIN


def look(owner: User, wanted: Sequence[DubSettings], *, priority: int = 0, now: datetime) -> None:
    """Whether the owner may start these jobs, as things stand; only `admit` can promise it.

    Raises NotAllowed, TooManyWaiting or DailyLimitReached.
    """
    limits = limits_of(owner)
    if priority > 0 and not is_administrator(owner):
        raise NotAllowed(_("Only administrators may let a job go before others; leave the priority out."))
    if not limits.may_use_high and any(settings.mode == Mode.HIGH for settings in wanted):
        raise NotAllowed(_("The mode “high” is for administrators; choose “medium” or ask one of them."))
    _refuse_when_full(owner, limits, len(wanted))
    _refuse_today(owner, limits, len(wanted), now)


def admit(owner: User, wanted: Sequence[DubSettings], *, priority: int = 0, now: datetime) -> None:
    """Lets the owner start these jobs, all or none, and counts them; joins the transaction it is called in.

    Raises what `look` raises.
    """
    _lock(owner)
    look(owner, wanted, priority=priority, now=now)
    _count_today(owner, len(wanted), now)


def admit_again(owner: User) -> None:
    """Lets one job of the owner that had left the queue wait in it again. Raises TooManyWaiting."""
    _lock(owner)
    _refuse_when_full(owner, limits_of(owner), 1)


def admit_redo(owner: User, *, now: datetime) -> None:
    """Lets one job that had ended be made anew, which counts like a new one. Raises what `look` raises."""
    _lock(owner)
    _refuse_when_full(owner, limits_of(owner), 1)
    _refuse_today(owner, limits_of(owner), 1, now)
    _count_today(owner, 1, now)


def _limit(own: int | None, general: int) -> int | None:
    return (general if own is None else own) or None


def _lock(owner: User) -> None:
    """The owner's row stays locked until the transaction ends, so that two submissions at once count each other.

    Not its key: a row that names the owner, written meanwhile by a worker, would wait for us while we wait for it.
    """
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)


def _refuse_when_full(owner: User, limits: Limits, more: int) -> None:
    if limits.waiting is None:
        return
    waiting = Job.objects.filter(owner=owner, state=JobState.QUEUED).count()
    if waiting + more > limits.waiting:
        text = _("You may have %(limit)s waiting and have %(count)s; wait for one to start or cancel one.")
        raise TooManyWaiting(text % {"count": waiting, "limit": limits.waiting})


def _refuse_today(owner: User, limits: Limits, more: int, now: datetime) -> None:
    local = timezone.localtime(now)
    today = DayCount.objects.filter(owner=owner, day=local.date()).first()
    started = today.jobs if today else 0
    if limits.a_day is not None and started + more > limits.a_day:
        text = _("You may start %(limit)s a day and have started %(count)s; go on after midnight (%(zone)s).")
        values = {"count": started, "limit": limits.a_day, "zone": timezone.get_current_timezone_name()}
        raise DailyLimitReached(text % values, retry_after_s=_until_midnight_s(local))


def _count_today(owner: User, more: int, now: datetime) -> None:
    today, _created = DayCount.objects.get_or_create(owner=owner, day=timezone.localdate(now))
    today.jobs += more
    today.save(update_fields=["jobs"])


def _until_midnight_s(local: datetime) -> int:
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time())
    return max(1, round((timezone.make_aware(midnight) - local).total_seconds()))
