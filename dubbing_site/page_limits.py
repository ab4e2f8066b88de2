"""How often pages may be tried that guess at a secret, start work, or leave entries in the audit trail.

What the API may is `accounts.api.throttling`.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from accounts.errors import RateLimited
from accounts.limits import Limit, by_address, take
from dubbing_site.api.problems import CONTENT_TYPE, problem_of

# By the name of their route. allauth's own limits are off: see accounts.limits.counts.
SENT_BY_ADDRESS = {
    "account_login": Limit.SIGN_IN_BY_ADDRESS,
    "mfa_authenticate": Limit.SECOND_FACTOR_BY_ADDRESS,
    "mfa_login_webauthn": Limit.SECOND_FACTOR_BY_ADDRESS,
    "account_reset_password": Limit.PASSWORD_RESET_BY_ADDRESS,
    "accounts:pair_accept": Limit.QR_STEP_BY_ADDRESS,
    "accounts:pair_finish": Limit.QR_STEP_BY_ADDRESS,
}
SENT_BY_USER = {
    "account_email": Limit.MAIL_BY_USER,
    "account_change_password": Limit.PASSWORD_CHECK_BY_USER,
    "account_set_password": Limit.PASSWORD_CHECK_BY_USER,
    "account_reauthenticate": Limit.PASSWORD_CHECK_BY_USER,
    "mfa_reauthenticate": Limit.PASSWORD_CHECK_BY_USER,
    "mfa_reauthenticate_webauthn": Limit.PASSWORD_CHECK_BY_USER,
    "jobs:new": Limit.SUBMISSION_BY_USER,
    "jobs:share": Limit.UPLOAD_BY_USER,
    "jobs:import": Limit.UPLOAD_BY_USER,
    # Not revoking and refusing, which who sits in somebody's session could use up against them.
    "accounts:keys": Limit.CHANGE_BY_USER,
    "accounts:settings": Limit.CHANGE_BY_USER,
    "accounts:pair_confirm": Limit.CHANGE_BY_USER,
}
# The secret is in their address, so that looking is guessing; or opening them makes a session.
OPENED_BY_ADDRESS = {
    "accounts:setup": Limit.LINK_BY_ADDRESS,
    "accounts:invite": Limit.LINK_BY_ADDRESS,
    "account_confirm_email": Limit.LINK_BY_ADDRESS,
    "account_reset_password_from_key": Limit.LINK_BY_ADDRESS,
    "mfa_login_webauthn": Limit.PASSKEY_BY_ADDRESS,
}


class PageLimits(MiddlewareMixin):
    """Also tells people when `accounts.limits` refuses something within a page."""

    def process_view(self, request: HttpRequest, _view: Any, _arguments: Any, _named: Any) -> HttpResponse | None:
        try:
            _count(request)
        except RateLimited as error:
            return refusal(request, error)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return refusal(request, error) if isinstance(error, RateLimited) else None


def _count(request: HttpRequest) -> None:
    name = request.resolver_match.view_name if request.resolver_match else ""
    if (limit := OPENED_BY_ADDRESS.get(name)) is not None:
        take(limit, by_address(request))
    if request.method != "POST":
        return
    if (limit := SENT_BY_ADDRESS.get(name)) is not None:
        take(limit, by_address(request))
    if (limit := SENT_BY_USER.get(name)) is not None and request.user.is_authenticated:
        take(limit, str(request.user.pk))


def refusal(request: HttpRequest, error: RateLimited) -> HttpResponse:
    """429 as a page, or as a problem for scripts."""
    headers = {"Retry-After": str(error.retry_after_s)}
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        problem = problem_of(429, error.code, str(error))
        return JsonResponse(problem, status=429, content_type=CONTENT_TYPE, headers=headers)
    answer = render(request, "429.html", {"text": str(error)}, status=429)
    answer["Retry-After"] = headers["Retry-After"]
    return answer
