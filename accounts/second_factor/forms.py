"""allauth's forms for codes, which accept each only once and not any number of guesses (MFA_FORMS)."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm as AllauthActivateTOTPForm

from accounts.limits import Limit, give_back, take
from accounts.second_factor.codes import use_code

KEYPAD = {"inputmode": "numeric", "autocomplete": "one-time-code"}


class OncePerCode(forms.BaseAuthenticateForm):
    """Recovery codes are allauth's to cross off: it does so under a lock on their row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= KEYPAD | {"autofocus": True}

    def clean_code(self) -> str:
        """Raises RateLimited."""
        who = str(self.user.pk)
        take(Limit.SECOND_FACTOR_BY_USER, who)
        code: str = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP and not use_code(self.authenticator, code):
            self._emit_authentication_failed(self.authenticator)
            raise get_adapter().validation_error("incorrect_code")
        give_back(Limit.SECOND_FACTOR_BY_USER, who)
        return code


class AuthenticateForm(OncePerCode, forms.AuthenticateForm):
    """For signing in."""


class ReauthenticateForm(OncePerCode, forms.ReauthenticateForm):
    """For showing again who is signed in."""


class ActivateTOTPForm(AllauthActivateTOTPForm):
    """No autofocus: a phone would scroll past the code to scan."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= KEYPAD
