"""Where this site differs from allauth: nobody signs up by themselves, and TOTP secrets are kept encrypted."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from accounts.sealing import Purpose, seal, unseal


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """allauth would read forwarding headers itself; the address in the request is the client's already."""
        return str(request.META["REMOTE_ADDR"])


class MFAAdapter(DefaultMFAAdapter):
    """allauth's own `encrypt` keeps the text as it is."""

    def encrypt(self, text: str) -> str:
        return seal(text, Purpose.SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, Purpose.SECOND_FACTOR)
