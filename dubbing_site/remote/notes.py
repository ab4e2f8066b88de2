"""The audit trail's entry of a refused address: one a minute for each, and sixty for all, however hard they try."""

from __future__ import annotations

import structlog
from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.http import HttpRequest

from accounts.audit.recording import Action, record
from accounts.errors import RateLimited
from accounts.limits import Limit, network_of, take
from dubbing_site.remote.policy import Rule

logger = structlog.get_logger(__name__)


@database_sync_to_async
def write_down(address: str, rule: Rule, user_agent: str) -> None:
    """Never stands in the way of the refusal."""
    try:
        take(Limit.REFUSED_ADDRESS_NOTE, network_of(address))
        take(Limit.REFUSED_ADDRESSES_NOTE, "everybody")
        request = HttpRequest()
        request.META = {"REMOTE_ADDR": address, "HTTP_USER_AGENT": user_agent}
        record(Action.ADDRESS_REFUSED, actor=None, request=request, rule=rule.value)
    except RateLimited:
        return
    except DatabaseError as error:
        logger.warning("refusal_not_audited", error=str(error))
