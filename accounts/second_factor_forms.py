"""allauth's forms for codes, which accept each only once (MFA_FORMS)."""

from __future__ import annotations

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator

from accounts.second_factor import use_code


class OncePerCode(forms.BaseAuthenticateForm):
    """Recovery codes are allauth's to cross off: it does so under a lock on their row."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP and not use_code(self.authenticator, code):
            self._emit_authentication_failed(self.authenticator)
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(OncePerCode, forms.AuthenticateForm):
    """For signing in."""


class ReauthenticateForm(OncePerCode, forms.ReauthenticateForm):
    """For showing again who is signed in."""
