"""Inviting people, and the page behind an invite's link."""

from __future__ import annotations

import uuid
from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import InviteInvalid
from accounts.forms.accounts import NewAccountForm
from accounts.forms.invites import InviteForm
from accounts.invites import NewInvite, claim_invite, find_invite, make_invite, open_invites, revoke_invite
from accounts.links import link
from accounts.models import Invite
from accounts.pages import page
from accounts.scopes import Role, Scope
from accounts.signed_in import SignedInRequest
from accounts.views.new_account import make_account


@page(Scope.ADMIN)
@never_cache
@require_http_methods(["GET", "POST"])
def invites(request: SignedInRequest) -> HttpResponse:
    """The link of a new invite is shown in the answer to the form, and never again."""
    form = InviteForm(request.POST or None)
    address = ""
    if request.method == "POST" and form.is_valid():
        made = _make(request, form)
        address = link(request, reverse("accounts:invite", args=[made.token]))
        form = InviteForm()
    context = {"form": form, "link": address, "invites": open_invites().select_related("made_by")}
    return render(request, "accounts/invites.html", context, status=422 if form.errors else 200)


@page(Scope.ADMIN)
@require_POST
def revoke(request: SignedInRequest, invite_id: uuid.UUID) -> HttpResponse:
    revoke_invite(get_object_or_404(Invite, id=invite_id), by=request.user)
    messages.success(request, _("The invite is withdrawn."))
    return redirect("accounts:invites")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """Makes the account and signs its owner in."""
    found = find_invite(token)
    if found is None:
        return render(request, "accounts/invite_closed.html", status=410)
    form = NewAccountForm(request.POST or None, initial={"email": found.email})
    form.fields["email"].disabled = bool(found.email)
    claim, welcome = partial(claim_invite, token), _("Welcome. Your account is ready.")
    try:
        return make_account(request, form, claim, template="accounts/invite.html", welcome=welcome)
    except InviteInvalid:
        return render(request, "accounts/invite_closed.html", status=410)


def _make(request: SignedInRequest, form: InviteForm) -> NewInvite:
    data = form.cleaned_data
    return make_invite(
        request.user, role=Role(data["role"]), email=data["email"], note=data["note"], valid_for=form.valid_for
    )
