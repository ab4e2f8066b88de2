"""What accounts refuse.

DubbingError
├── InviteInvalid           accounts.invite     an invite that was used, withdrawn or is too old
├── KeyRefused              invalid_key         an API key that is unknown, wrong, expired or revoked
├── PairingRefused          accounts.pairing    a code for signing in a phone that no longer works
├── RateLimited             rate_limited        too many tries in too short a time; says when to come back
├── ScopeMissing            scope_missing       the role, or the API key, does not allow it
├── SecondFactorRequired    second_factor_required
├── SessionRequired         session_required    for a person who is signed in, not for an API key
└── TooManyKeys             accounts.too_many_keys
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.scopes import Scope
from pipeline.errors import DubbingError


class KeyRefused(DubbingError):
    """Who sent it learns nothing of the reason; the audit trail has it."""

    code = "invalid_key"
    exit_code = 2

    def __init__(self, reason: str) -> None:
        super().__init__(_("This API key is not valid here; make a new one under Settings, API keys."))
        self.reason = reason


class RateLimited(DubbingError):
    code = "rate_limited"
    exit_code = 2

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ScopeMissing(DubbingError):
    code = "scope_missing"
    exit_code = 2

    def __init__(self, scope: Scope) -> None:
        text = _("This needs “%(scope)s”, which your role or your API key does not have.")
        super().__init__(text % {"scope": scope.value})
        self.scope = scope


class SecondFactorRequired(DubbingError):
    code = "second_factor_required"
    exit_code = 2

    def __init__(self) -> None:
        super().__init__(_("Administrators need a second factor for this; show or add one under Two-step sign-in."))


class SessionRequired(DubbingError):
    code = "session_required"
    exit_code = 2

    def __init__(self) -> None:
        super().__init__(_("An API key cannot do this; sign in and do it yourself."))


class TooManyKeys(DubbingError):
    code = "accounts.too_many_keys"
    exit_code = 2


class InviteInvalid(DubbingError):
    code = "accounts.invite"
    exit_code = 2


class PairingRefused(DubbingError):
    code = "accounts.pairing"
    exit_code = 2
