"""How often something may be tried: `take(Limit.X, who)` before trying it, outside of any transaction."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit.recording import Action, record
from accounts.errors import RateLimited
from accounts.limits.counts import Count, current
from accounts.limits.lots import Lots
from accounts.limits.table import Limit

__all__ = ["Limit", "by_address", "give_back", "take"]

_lots = Lots()


def take(limit: Limit, who: str) -> None:
    """Counts one try of `who`: a user's id, an account's name, an address.

    Raises RateLimited when there were too many, and RuntimeError within a transaction, which might take the count
    back. The first refusal of a window is audited.
    """
    allowance = limit.allowance
    if not allowance.most:
        return
    key, lot = _key(limit, who), allowance.lot
    if allowance.is_counted_in_lots and _lots.use(key):
        return
    count = current().add(key, lot, full=allowance.most + lot, within_s=allowance.within_s)
    before = count.taken - lot
    if before >= allowance.most:
        _refuse(limit, count, is_first=before < allowance.most + lot)
    if allowance.is_counted_in_lots:
        _lots.keep(key, min(lot, allowance.most - before) - 1, for_s=count.left_s)


def give_back(limit: Limit, who: str) -> None:
    """A try that was no guess, because it succeeded, does not count. Not for what is counted in lots."""
    current().take_back(_key(limit, who))


def by_address(request: HttpRequest) -> str:
    """Whom an address stands for: itself, or the /64 network of an IPv6 one, which is what one customer gets."""
    return network_of(str(request.META.get("REMOTE_ADDR", "")))


def network_of(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)


def _key(limit: Limit, who: str) -> str:
    """Keyed by the site: sites that share a Redis count for themselves, and nobody can tell a name from its hash."""
    return hmac.new(settings.SECRET_KEY.encode(), f"{limit.value} {who}".encode(), hashlib.sha256).hexdigest()


def _refuse(limit: Limit, count: Count, *, is_first: bool) -> None:
    retry_after_s = max(1, math.ceil(count.left_s))
    if is_first and limit.is_audited:
        record(Action.RATE_LIMITED, actor=None, limit=limit.value)
    minutes = math.ceil(retry_after_s / 60)
    when = (
        ngettext("in %(number)d second", "in %(number)d seconds", retry_after_s) % {"number": retry_after_s}
        if retry_after_s <= 90
        else ngettext("in %(number)d minute", "in %(number)d minutes", minutes) % {"number": minutes}
    )
    raise RateLimited(_("Too many tries. Try again %(when)s.") % {"when": when}, retry_after_s=retry_after_s)
