"""A new invite."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.scopes import Role


class InviteForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.EDITOR)
    email = forms.EmailField(
        label=_("Their email address (optional)"),
        required=False,
        help_text=_("The account gets this address. The link is not mailed: hand it over yourself."),
    )
    note = forms.CharField(label=_("Note to yourself (optional)"), required=False, max_length=200)
    valid_days = forms.TypedChoiceField(
        label=_("The link works for"),
        choices=[(1, _("1 day")), (7, _("7 days")), (30, _("30 days"))],
        coerce=int,
        initial=7,
    )

    @property
    def valid_for(self) -> timedelta:
        return timedelta(days=self.cleaned_data["valid_days"])
