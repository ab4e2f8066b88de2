"""Reads on accounts."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import SetupLink
from accounts.services import has_administrator, token_hash


def needs_first_admin() -> bool:
    return not has_administrator()


def is_setup_link_usable(token: str) -> bool:
    """True while `claim_setup_link` would accept the token."""
    links = SetupLink.objects.filter(token_hash=token_hash(token), used_at=None, expires_at__gt=timezone.now())
    return needs_first_admin() and links.exists()
