from __future__ import annotations

from typing import ClassVar

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class SetupForm(BaseUserCreationForm):
    """The first administrator's name and password. Saving is `accounts.services.claim_setup_link`'s work."""

    class Meta(BaseUserCreationForm.Meta):
        model = User
        fields: ClassVar = ["username", "email"]
        labels: ClassVar = {"username": _("User name"), "email": _("Email address (optional)")}
        help_texts: ClassVar = {"username": "", "email": ""}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = _("At least 8 characters, not only digits, nothing everybody uses.")
        self.fields["password2"].help_text = ""
        self.fields["password2"].label = _("The password again")
        self.fields["email"].widget = forms.EmailInput(attrs={"autocomplete": "email"})
