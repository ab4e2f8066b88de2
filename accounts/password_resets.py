"""Links that set a new password: allauth's own, made without a mail."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse

from accounts.audit.recording import Action, record
from accounts.models import User


def reset_path(user: User, *, by: User | None) -> str:
    """Works once, for PASSWORD_RESET_TIMEOUT seconds: the key is signed over the password and the last sign-in."""
    record(Action.RESET_LINK_MADE, actor=by, target=user)
    names = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return reverse("account_reset_password_from_key", kwargs=names)
