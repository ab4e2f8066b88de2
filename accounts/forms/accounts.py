"""A new account's name and password, and the wish for a new password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from django import forms
from django.contrib.auth.forms import UsernameField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.limits import Limit, take
from accounts.models import User


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


class ResetPasswordForm(AllauthResetPasswordForm):
    """allauth's, and nobody's mailbox is flooded."""

    users: list[User]

    def clean_email(self) -> str:
        """Raises RateLimited."""
        take(Limit.PASSWORD_RESET_BY_ACCOUNT, self.cleaned_data["email"].casefold())
        email: str = super().clean_email()
        # allauth also finds addresses that somebody only said were theirs.
        self.users = [user for user in self.users if user.email.casefold() == email.casefold()]
        return email
