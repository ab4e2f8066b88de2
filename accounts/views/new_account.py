"""What the pages behind links that make an account share: the form, and its owner signed in."""

from __future__ import annotations

from typing import Protocol

from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.forms.accounts import NewAccountForm
from accounts.models import User


class Claim(Protocol):
    """Uses a link up. Raises ValidationError for a name, address or password that cannot be used."""

    def __call__(self, *, username: str, email: str, password: str) -> User: ...


def make_account(
    request: HttpRequest, form: NewAccountForm, claim: Claim, *, template: str, welcome: str
) -> HttpResponse:
    """Raises what `claim` raises of its link: somebody else was quicker."""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = claim(username=data["username"], email=data["email"], password=data["password1"])
        except ValidationError as error:
            # Without a field it is the password that was refused.
            form.add_error(None if hasattr(error, "error_dict") else "password1", error)
        else:
            login(request, user, backend="accounts.backends.PasswordBackend")
            messages.success(request, welcome)
            return redirect("jobs:home")
    return render(request, template, {"form": form}, status=422 if form.errors else 200)
