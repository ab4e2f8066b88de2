"""Writes on accounts: making them, the first administrator's above all."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit.recording import Action, record
from accounts.models import SetupLink, User
from accounts.scopes import Role

SETUP_LINK_VALID = timedelta(hours=24)
TOKEN_BYTES = 32


class SetupLinkInvalid(Exception):
    """The link is unknown, used or too old, or an administrator exists already. The message is for the user."""


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def has_administrator() -> bool:
    return User.objects.filter(is_superuser=True).exists()


@transaction.atomic
def create_setup_link() -> str:
    """A new link's token; earlier unused links stop working. Raises SetupLinkInvalid when nobody needs one."""
    if has_administrator():
        raise SetupLinkInvalid(_("An administrator exists already; sign in instead."))
    SetupLink.objects.filter(used_at=None).delete()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    SetupLink.objects.create(token_hash=token_hash(token), expires_at=timezone.now() + SETUP_LINK_VALID)
    return token


@transaction.atomic
def claim_setup_link(token: str, *, username: str, email: str, password: str) -> User:
    """Makes the first administrator.

    Raises SetupLinkInvalid, or ValidationError for a name, address or password that cannot be used. The link's row
    is locked first: of two who press the button together, one gets the account and the other is told.
    """
    link = SetupLink.objects.select_for_update().filter(token_hash=token_hash(token)).first()
    if link is None or link.used_at or link.expires_at <= timezone.now():
        raise SetupLinkInvalid(
            _("This link was used or is too old. Start the server again for a new one, printed in its terminal.")
        )
    if has_administrator():
        raise SetupLinkInvalid(_("An administrator exists already; sign in instead."))
    user = _make_trusted_admin(username, email, password)
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])
    record(Action.SETUP_LINK_USED, actor=user, target=user)
    return user


@transaction.atomic
def make_first_admin(*, username: str, email: str, password: str) -> User | None:
    """For servers set up by their environment; None when there is an administrator already. Raises ValidationError."""
    if has_administrator():
        return None
    user = _make_trusted_admin(username, email, password)
    record(Action.ACCOUNT_MADE, actor=None, target=user, by="environment")
    return user


def _make_trusted_admin(username: str, email: str, password: str) -> User:
    """Who has the server itself need not prove an address."""
    user = make_account(username=username, email=email, password=password, role=Role.ADMIN)
    EmailAddress.objects.filter(user=user).update(verified=True)
    return user


def make_account(*, username: str, email: str, password: str, role: Role) -> User:
    """Raises ValidationError for a name, address or password that cannot be used. Call it in a transaction."""
    user = User(username=username, email=email, role=role)
    user.set_password(password)
    user.full_clean()
    validate_password(password, user)
    user.save()
    if user.email:
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    return user
