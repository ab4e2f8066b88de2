"""The page of one's API keys."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts import keys
from accounts.errors import ScopeMissing, SecondFactorRequired, TooManyKeys
from accounts.forms.keys import KeyForm
from accounts.models import ApiKey
from accounts.pages import page
from accounts.scopes import SESSION
from accounts.signed_in import SignedInRequest


@sensitive_variables("made")
@page(SESSION)
@never_cache
@require_http_methods(["GET", "POST"])
def key_list(request: SignedInRequest) -> HttpResponse:
    """The keys, and a form for a new one, which the answer shows this once."""
    form = KeyForm(request.user, request.POST or None)
    made = _make(request, form) if request.method == "POST" and form.is_valid() else None
    context = {
        "form": KeyForm(request.user) if made else form,
        "made": made,
        "keys": keys.visible_keys(request.user),
        "now": timezone.now(),
        "at_most": keys.AT_MOST,
    }
    return render(request, "accounts/keys.html", context, status=422 if form.errors else 200)


@page(SESSION)
@require_POST
def revoke(request: SignedInRequest, key_id: UUID) -> HttpResponse:
    try:
        key = keys.get_key(request.user, key_id)
    except ApiKey.DoesNotExist as error:
        raise Http404 from error
    keys.revoke_key(key, by=request.user)
    messages.info(request, _("The key is revoked; programs that use it are refused from now on."))
    return redirect("accounts:keys")


def _make(request: SignedInRequest, form: KeyForm) -> keys.NewKey | None:
    try:
        return keys.make_key(
            request.user,
            form.cleaned_data["name"],
            form.cleaned_data["scopes"],
            expires_at=form.expires_at(now=timezone.now()),
        )
    except (ScopeMissing, SecondFactorRequired, TooManyKeys) as error:
        form.add_error(None, str(error))
        return None
