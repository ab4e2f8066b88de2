"""The page of one's own settings."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import preferences
from accounts.forms.preferences import PreferencesForm
from accounts.models import Preferences
from accounts.pages import page
from accounts.scopes import SESSION
from accounts.signed_in import SignedInRequest


@page(SESSION)
@require_http_methods(["GET", "POST"])
def settings(request: SignedInRequest) -> HttpResponse:
    # A row of its own for the form, which writes into it before it is known to be good.
    stored = Preferences.objects.filter(user=request.user).first() or Preferences(user_id=request.user.pk)
    form = PreferencesForm(request.POST or None, instance=stored)
    if request.method == "POST" and form.is_valid():
        preferences.change(request.user, form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("accounts:settings")
    return render(request, "accounts/settings.html", {"form": form}, status=422 if form.errors else 200)
