"""Reads on accounts."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from accounts.models import SetupLink, User
from accounts.services import has_administrator, token_hash

NAME_MAX_CHARS = 254  # of an email address; SQLite compares nothing very long


def account_named(name: str) -> User | None:
    """Whose user name or email address it is. An address is its owner's, even if another account is called that."""
    if not 0 < len(name) <= NAME_MAX_CHARS:
        return None
    named = User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name))
    return max(named, key=lambda user: user.email.casefold() == name.casefold(), default=None)


def needs_first_admin() -> bool:
    return not has_administrator()


def is_setup_link_usable(token: str) -> bool:
    """True while `claim_setup_link` would accept the token."""
    links = SetupLink.objects.filter(token_hash=token_hash(token), used_at=None, expires_at__gt=timezone.now())
    return needs_first_admin() and links.exists()
