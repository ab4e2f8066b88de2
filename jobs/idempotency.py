"""The same request twice has one effect: its first answer is kept with the key that came with it.

The key is written in the transaction of what it answers for. A crash leaves both or neither, a refusal leaves the
key free, and of two requests at once the second waits for the first.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from jobs.errors import IdempotencyInUse, IdempotencyKeyInvalid, IdempotencyMismatch
from jobs.models import IdempotencyKey

KEPT = timedelta(hours=24)
KEY_MAX_CHARS = 255
PATIENCE_S = 5  # how long a second request waits for the first
RETRY_AFTER_S = 1


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str  # JSON
    is_repeated: bool = False


def parse_key(header: str) -> str:
    """The key in an Idempotency-Key header, quoted as its standard wants or bare. Raises IdempotencyKeyInvalid."""
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 1 <= len(key) <= KEY_MAX_CHARS or not (key.isascii() and key.isprintable()):
        text = _("The Idempotency-Key must have 1 to %(count)s printable ASCII characters.")
        raise IdempotencyKeyInvalid(text % {"count": KEY_MAX_CHARS})
    return key


def kept_answer(owner: User, key: str, request_sha256: str, *, now: datetime) -> Answer | None:
    """What was answered when the key first came. Raises IdempotencyMismatch when that was another request."""
    kept = IdempotencyKey.objects.filter(owner=owner, key=key, created_at__gte=now - KEPT).first()
    return _repeated(kept, request_sha256) if kept else None


@transaction.atomic
def answer_once(owner: User, key: str, request_sha256: str, make: Callable[[], Answer], *, now: datetime) -> Answer:
    """What `make` answers, or answered when the key first came; what it writes joins the transaction.

    Raises IdempotencyMismatch, IdempotencyInUse, and whatever `make` refuses; then the key is free again.
    """
    mine = IdempotencyKey(id=uuid.uuid4(), owner=owner, key=key, request_sha256=request_sha256, created_at=now)
    kept = _first_with_the_key(mine, now)
    if kept.id != mine.id:
        return _repeated(kept, request_sha256)
    answer = make()
    kept.status, kept.body = answer.status, answer.body
    kept.save(update_fields=["status", "body"])
    return answer


def forget_old(*, now: datetime) -> int:
    """Removes keys past their time; the number removed."""
    removed, _by_model = IdempotencyKey.objects.filter(created_at__lt=now - KEPT).delete()
    return removed


def _repeated(kept: IdempotencyKey, request_sha256: str) -> Answer:
    if kept.request_sha256 != request_sha256:
        raise IdempotencyMismatch(_("This Idempotency-Key was used for another request; send a new one."))
    return Answer(kept.status, kept.body, is_repeated=True)


def _first_with_the_key(mine: IdempotencyKey, now: datetime) -> IdempotencyKey:
    """Ours, or that of an earlier request. The unique constraint decides; it makes us wait for one still at work."""
    same = IdempotencyKey.objects.filter(owner=mine.owner, key=mine.key)
    try:
        _set_lock_timeout(f"{PATIENCE_S}s")
        same.filter(created_at__lt=now - KEPT).delete()
        IdempotencyKey.objects.bulk_create([mine], ignore_conflicts=True)
        _set_lock_timeout("0")
    except OperationalError as error:
        if "lock" not in str(error):
            raise
        text = _("The first request with this Idempotency-Key is still at work; ask again in a moment.")
        raise IdempotencyInUse(text, retry_after_s=RETRY_AFTER_S) from error
    return same.get()


def _set_lock_timeout(value: str) -> None:
    """For the rest of the transaction. SQLite has one writer, who waits as the settings say."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [value])
