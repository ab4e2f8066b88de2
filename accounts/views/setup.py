"""The page behind the one-time setup link."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import NewAccountForm
from accounts.models import User
from accounts.selectors import is_setup_link_usable
from accounts.services import SetupLinkInvalid, claim_setup_link


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Makes the first administrator and signs them in."""
    if not is_setup_link_usable(token):
        return render(request, "accounts/setup_closed.html", status=410)
    form = NewAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = _claim(token, form)
        except SetupLinkInvalid:  # somebody else was quicker
            return render(request, "accounts/setup_closed.html", status=410)
        except ValidationError as error:
            # Without a field it is the password that was refused.
            form.add_error(None if hasattr(error, "error_dict") else "password1", error)
        else:
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
            messages.success(request, _("Your account is ready."))
            return redirect("jobs:home")
    return render(request, "accounts/setup.html", {"form": form}, status=422 if form.errors else 200)


def _claim(token: str, form: NewAccountForm) -> User:
    data = form.cleaned_data
    return claim_setup_link(token, username=data["username"], email=data["email"], password=data["password1"])
