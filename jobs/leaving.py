"""A user leaves: everything they own goes with them, also what is being worked on."""

from __future__ import annotations

from functools import partial

import structlog
from django.db import transaction

from accounts.audit.recording import Action, record
from accounts.models import User
from jobs import workspaces
from jobs.models import Job
from library import services as library
from library.models import Dub

logger = structlog.get_logger(__name__)


@transaction.atomic
def remove_user(user: User, *, by: User) -> None:
    """Removes the user with their jobs, dubs, uploads and files, pinned or not; harmless when they are gone already.

    Their row is locked first, so that no job of theirs starts meanwhile. Whoever works on one finds it gone at the next
    look, within a second, and stops. Files go after the commit; what a runner still writes then is swept later.
    """
    leaving = User.objects.select_for_update().filter(pk=user.pk).first()
    if leaving is None:
        return
    for dub_id in Dub.objects.filter(owner=leaving).values_list("id", flat=True):
        library.remove(dub_id)
    record(Action.ACCOUNT_REMOVED, actor=by, target=leaving, name=leaving.get_username())
    jobs = Job.objects.filter(owner=leaving)
    for job_id in list(jobs.values_list("id", flat=True)):
        transaction.on_commit(partial(workspaces.remove, job_id))
    jobs.delete()  # before the uploads, which are protected by them
    leaving.delete()
    logger.info("user_removed", removed_user_id=str(user.pk), user_id=str(by.pk))
