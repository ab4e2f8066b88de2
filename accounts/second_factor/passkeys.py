"""allauth's forms for passkeys and security keys, whose refusals are written down (MFA_FORMS)."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms
from allauth.mfa.webauthn.internal import auth
from django import forms as django_forms
from django.core.exceptions import ValidationError
from fido2.webauthn import UserVerificationRequirement

from accounts.audit.recording import Action, record


class CredentialField(django_forms.JSONField):
    """Refuses what is nested so deeply that nobody can read it, which strangers may send."""

    widget = django_forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError as error:
            raise get_adapter().validation_error("incorrect_code") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        return ""  # not shown again: a browser's answer is to one challenge only


class AddForm(forms.AddWebAuthnForm):
    credential = CredentialField()


class Told(forms.AuthenticateWebAuthnForm):
    credential = CredentialField()

    def clean_credential(self) -> Any:
        try:
            self.check_what_was_asked()
            return super().clean_credential()
        except ValidationError:
            kind = Authenticator.Type.WEBAUTHN.value
            record(Action.FACTOR_FAILED, actor=None, target=self.user, request=context.request, kind=kind)
            raise

    def check_what_was_asked(self) -> None:
        """Raises ValidationError for an answer to another question."""


class AuthenticateForm(Told):
    """For the second step."""


class ReauthenticateForm(Told, forms.ReauthenticateWebAuthnForm):
    """For showing again who is signed in."""


class LoginForm(Told, forms.LoginWebAuthnForm):
    """For signing in without a password: only with a key that has checked who holds it.

    All challenges of a session share one place. That of a second step, which may do without the check, could
    otherwise be answered here, with a key found or stolen, as its owner.
    """

    def check_what_was_asked(self) -> None:
        asked = auth.get_state() or {}
        if asked.get("user_verification") != UserVerificationRequirement.REQUIRED:
            auth.clear_state()
            raise get_adapter().validation_error("incorrect_code")
