"""Whether new jobs can be taken now."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from jobs import drain
from jobs.errors import Draining, QueueUnavailable
from jobs.transport import state

RESTART_SECONDS = 5  # what starting anew takes, beyond the running work


def require_open() -> None:
    """Raises Draining or QueueUnavailable; what is refused here is not written down anywhere."""
    if drain.is_requested():
        text = _("The server is being restarted; try again in a moment.")
        raise Draining(text, retry_after_s=settings.DRAIN_SECONDS + RESTART_SECONDS)
    if not has_transport():
        text = _("The queue is out of order because Redis does not answer; try again in a moment.")
        raise QueueUnavailable(text, retry_after_s=settings.QUEUE_RECOVERY_SECONDS + settings.QUEUE_CHECK_SECONDS)


def has_transport() -> bool:
    """Only QUEUE_MODE=redis can be without one."""
    return state.current().transport != state.Transport.NONE
