"""A new API key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scopes import Scope, scopes_of

LIFETIMES = (("30", _("30 days")), ("90", _("90 days")), ("365", _("a year")), ("", _("until I revoke it")))


class KeyForm(forms.Form):
    """Only scopes that the user's role has can be chosen."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What it is for, such as the program or the machine.")
    )
    scopes = forms.TypedMultipleChoiceField(
        label=_("What it may do"), coerce=Scope, widget=forms.CheckboxSelectMultiple
    )
    lifetime_days = forms.TypedChoiceField(
        label=_("Good for"), choices=LIFETIMES, coerce=int, empty_value=None, required=False, initial="90"
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        allowed = scopes_of(user.role)
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.TypedMultipleChoiceField)  # noqa: S101 - see above
        scopes.choices = [(scope.value, scope.label) for scope in Scope if scope in allowed]

    def expires_at(self, *, now: datetime) -> datetime | None:
        days: int | None = self.cleaned_data["lifetime_days"]
        return None if days is None else now + timedelta(days=days)
