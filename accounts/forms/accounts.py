"""A new account's name and password, and the wish for a new password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.core import context
from django import forms
from django.contrib.auth.forms import UsernameField
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit.recording import Action, record
from accounts.limits import Limit, take
from accounts.models import User
from accounts.password_resets import mail_link


class NewAccountForm(forms.Form):
    """A new account's name and password; the service that makes it judges them."""

    username = UsernameField(label=gettext_lazy("User name"), max_length=150)
    email = forms.EmailField(
        label=gettext_lazy("Email address (optional)"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password1 = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=gettext_lazy("At least 8 characters, not only digits, nothing everybody uses."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=gettext_lazy("The password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "password2" in data and data["password2"] != data.get("password1"):
            self.add_error("password2", _("The two passwords are not the same."))
        return data


class ChangePasswordForm(AllauthChangePasswordForm):
    """A wrong current password is written down: somebody may sit at another's desk."""

    def clean_oldpassword(self) -> str:
        try:
            password: str = super().clean_oldpassword()
        except forms.ValidationError:
            record(Action.SIGN_IN_FAILED, actor=None, target=self.user, request=context.request, to="change password")
            raise
        return password


class ResetPasswordForm(AllauthResetPasswordForm):
    """Nobody's mailbox is flooded, and nobody learns whether an address is known.

    allauth's own also finds addresses that somebody only said were theirs.
    """

    def clean_email(self) -> str:
        """Raises RateLimited."""
        email: str = self.cleaned_data["email"]
        take(Limit.PASSWORD_RESET_BY_ACCOUNT, email.casefold())
        return email

    def save(self, request: HttpRequest, **_more: Any) -> str:
        email: str = self.cleaned_data["email"]
        mail_link(request, User.objects.filter(email__iexact=email, is_active=True).first())
        return email
