"""The page behind the one-time setup link."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms.accounts import NewAccountForm
from accounts.selectors import is_setup_link_usable
from accounts.services import SetupLinkInvalid, claim_setup_link
from accounts.views.new_account import make_account


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Makes the first administrator and signs them in."""
    if not is_setup_link_usable(token):
        return render(request, "accounts/setup_closed.html", status=410)
    form, claim = NewAccountForm(request.POST or None), partial(claim_setup_link, token)
    try:
        return make_account(request, form, claim, template="accounts/setup.html", welcome=_("Your account is ready."))
    except SetupLinkInvalid:
        return render(request, "accounts/setup_closed.html", status=410)
