"""What a connection to PostgreSQL is told when it opens: by a statement, for PgBouncer refuses options at the start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver


@receiver(connection_created)
def let_go_when_frozen(connection: BaseDatabaseWrapper, **_about: Any) -> None:
    """A process frozen within a transaction must not keep what it locked from those who take its work over."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION idle_in_transaction_session_timeout = '{settings.LEASE_SECONDS}s'")
