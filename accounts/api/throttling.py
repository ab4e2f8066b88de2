"""How much of the API one user may use: every view counts, the POST of some counts more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.limits import Limit, by_address, take

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this module


class UserThrottle(BaseThrottle):
    """By the user whatever they come with, so that twenty keys are not twenty times as much.

    A view may say `post_limit = Limit.X` for what its POST counts as besides, and `is_unlimited = True` when something
    else bounds it, such as the chunks of an upload.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Raises RateLimited."""
        if not getattr(view, "is_unlimited", False):
            take(Limit.API_BY_USER, _who(request))
        limit: Limit | None = getattr(view, "post_limit", None)
        if limit is not None and request.method == "POST":
            take(limit, _who(request))
        return True


def _who(request: Request) -> str:
    return str(request.user.pk) if request.user.is_authenticated else by_address(request._request)
