"""Where this site differs from allauth: nobody signs up by themselves, limits are its own, secrets are sealed."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmation
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.backends import name_in
from accounts.limits import Limit, by_address, take
from accounts.links import link
from accounts.sealing import Purpose, seal, unseal
from accounts.selectors import account_named


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """allauth would read forwarding headers itself; the address in the request is the client's already."""
        return str(request.META["REMOTE_ADDR"])

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: EmailConfirmation) -> str:
        return link(request, reverse("account_confirm_email", args=[emailconfirmation.key]))

    def is_safe_url(self, url: str) -> bool:
        """allauth's own takes every name in ALLOWED_HOSTS: localhost is the visitor's machine, not this one."""
        request = context.request
        return url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises RateLimited. Instead of allauth's own limit, whose counts lie in a cache."""
        name = name_in(credentials)
        account = account_named(name)
        whose = str(account.pk) if account else name.casefold()
        take(Limit.SIGN_IN_BY_ACCOUNT, f"{by_address(request)} {whose}")
        take(Limit.SIGN_IN_BY_ACCOUNT_ANYWHERE, whose)


class MFAAdapter(DefaultMFAAdapter):
    """allauth's own `encrypt` keeps the text as it is."""

    def encrypt(self, text: str) -> str:
        return seal(text, Purpose.SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, Purpose.SECOND_FACTOR)
