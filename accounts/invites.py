"""Invites: the only way to an account on a site where nobody signs up by themselves."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit.recording import Action, record
from accounts.errors import InviteInvalid
from accounts.models import Invite, User
from accounts.scopes import Role
from accounts.services import TOKEN_BYTES, make_account, token_hash


@dataclass(frozen=True, slots=True)
class NewInvite:
    """`token` is known only now."""

    invite: Invite
    token: str


@transaction.atomic
def make_invite(by: User, *, role: Role, email: str, note: str, valid_for: timedelta) -> NewInvite:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invite = Invite.objects.create(
        token_hash=token_hash(token),
        role=role,
        email=email,
        note=note,
        made_by=by,
        expires_at=timezone.now() + valid_for,
    )
    record(Action.INVITE_MADE, actor=by, target=invite, role=role)
    return NewInvite(invite, token)


def open_invites(now: datetime | None = None) -> QuerySet[Invite]:
    """Those of administrators: who no longer is one leaves no way in behind."""
    by_administrators = Invite.objects.filter(made_by__is_active=True, made_by__role=Role.ADMIN)
    return by_administrators.filter(used_at=None, expires_at__gt=now or timezone.now())


def find_invite(token: str) -> Invite | None:
    """The invite whose link this is, while `claim_invite` would accept it."""
    return open_invites().filter(token_hash=token_hash(token)).first()


@transaction.atomic
def claim_invite(token: str, *, username: str, email: str, password: str) -> User:
    """Makes the account, with the role that the invite says.

    Raises InviteInvalid, or ValidationError for a name, address or password that cannot be used. Of two who send the
    form together, one gets the account: marking the invite as used comes first, and is undone with the rest.
    """
    now = timezone.now()
    invite = find_invite(token)
    # Of the row itself, without a join: PostgreSQL would not look again at what a row joined with it says.
    if invite is None or not Invite.objects.filter(pk=invite.pk, used_at=None).update(used_at=now):
        raise InviteInvalid(_("This invite was used, withdrawn or is too old. Ask for a new one."))
    user = make_account(username=username, email=invite.email or email, password=password, role=Role(invite.role))
    Invite.objects.filter(pk=invite.pk).update(used_by=user)
    record(Action.INVITE_USED, actor=user, target=invite)
    return user


@transaction.atomic
def revoke_invite(invite: Invite, *, by: User) -> None:
    record(Action.INVITE_REVOKED, actor=by, target=invite)
    invite.delete()
