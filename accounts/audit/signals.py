"""What Django and allauth tell of people signing in and looking after their accounts, put into the audit trail."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as auth
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.audit.recording import Action, record
from accounts.backends import name_in
from accounts.models import User
from accounts.selectors import account_named


@receiver(auth.user_logged_in, dispatch_uid="audit")
def signed_in(request: HttpRequest, user: User, **_more: Any) -> None:
    record(Action.SIGNED_IN, actor=user, target=user, request=request)


@receiver(auth.user_logged_out, dispatch_uid="audit")
def signed_out(request: HttpRequest, user: User | None, **_more: Any) -> None:
    if user is not None:
        record(Action.SIGNED_OUT, actor=user, target=user, request=request)


@receiver(auth.user_login_failed, dispatch_uid="audit")
def sign_in_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_more: Any) -> None:
    """Whose name was tried, where somebody has it; any other is not kept: it may be a password in the wrong place."""
    record(Action.SIGN_IN_FAILED, actor=None, target=account_named(name_in(credentials)), request=request)


@receiver(account.authentication_step_completed, dispatch_uid="audit")
def shown_again(request: HttpRequest, user: User, method: str, **more: Any) -> None:
    if more.get("reauthenticated"):
        record(Action.REAUTHENTICATED, actor=user, target=user, request=request, method=method)


@receiver(account.user_signed_up, dispatch_uid="audit")
def signed_up(request: HttpRequest, user: User, **_more: Any) -> None:
    record(Action.ACCOUNT_MADE, actor=user, target=user, request=request)


@receiver(account.password_set, dispatch_uid="audit")
@receiver(account.password_changed, dispatch_uid="audit")
def password_changed(request: HttpRequest, user: User, **_more: Any) -> None:
    record(Action.PASSWORD_CHANGED, actor=user, target=user, request=request)


@receiver(account.password_reset, dispatch_uid="audit")
def password_reset(request: HttpRequest, user: User, **_more: Any) -> None:
    record(Action.PASSWORD_RESET, actor=user, target=user, request=request)


@receiver(account.email_changed, dispatch_uid="audit")
@receiver(account.email_added, dispatch_uid="audit")
@receiver(account.email_removed, dispatch_uid="audit")
def email_changed(request: HttpRequest, user: User, **_more: Any) -> None:
    record(Action.EMAIL_CHANGED, actor=user, target=user, request=request)


@receiver(mfa.authenticator_added, dispatch_uid="audit")
@receiver(mfa.authenticator_reset, dispatch_uid="audit")
def factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    is_codes = authenticator.type == Authenticator.Type.RECOVERY_CODES
    action = Action.RECOVERY_CODES_MADE if is_codes else Action.FACTOR_ADDED
    record(action, actor=user, target=user, request=request, kind=authenticator.type)


@receiver(mfa.authenticator_removed, dispatch_uid="audit")
def factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    record(Action.FACTOR_REMOVED, actor=user, target=user, request=request, kind=authenticator.type)


@receiver(mfa.authenticator_used, dispatch_uid="audit")
def factor_used(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    is_code = authenticator.type == Authenticator.Type.RECOVERY_CODES
    action = Action.RECOVERY_CODE_USED if is_code else Action.FACTOR_USED
    record(action, actor=user, target=user, request=request, kind=authenticator.type)


@receiver(mfa.authentication_failed, dispatch_uid="audit")
def factor_failed(request: HttpRequest, user: User, **more: Any) -> None:
    authenticator = more.get("authenticator")
    kind = authenticator.type if isinstance(authenticator, Authenticator) else ""
    record(Action.FACTOR_FAILED, actor=None, target=user, request=request, kind=kind)
