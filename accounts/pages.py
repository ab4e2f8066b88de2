"""Pages for people who are signed in, with the role that a page needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.access import require
from accounts.errors import ScopeMissing, SecondFactorRequired
from accounts.models import User
from accounts.second_factor.asking import lead_to_factor
from accounts.signed_in import SignedInRequest


def page(scope: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Declares what a page needs: an area (`jobs`), a `Scope`, or `SESSION` for whoever is signed in.

    Others are led to the sign-in and back, or told that their role does not allow it (403); administrators show
    their second factor first.
    """

    def declare(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *arguments: Any, **keywords: Any) -> HttpResponseBase:
            if not isinstance(request.user, User):
                return redirect_to_login(request.get_full_path())
            signed_in = cast(SignedInRequest, request)
            try:
                require(scope, str(request.method), request.user, None)
            except ScopeMissing as error:
                raise PermissionDenied(str(error)) from error
            except SecondFactorRequired:
                return lead_to_factor(signed_in, request.get_full_path() if request.method == "GET" else "/")
            return view(signed_in, *arguments, **keywords)

        guarded.scope = scope  # type: ignore[attr-defined]
        return guarded

    return declare
