"""Processes that write to one SQLite file wait for each other, soon and for long enough."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import User
from tests.factories import make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="this is about SQLite"),
]


class Writer(threading.Thread):
    """Holds the write lock until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.holds = threading.Event()
        self.let_go = threading.Event()

    def run(self) -> None:
        with transaction.atomic():
            self.holds.set()
            self.let_go.wait(10)
            make_user("writer")
        connection.close()


@pytest.fixture
def writer() -> Iterator[Writer]:
    other = Writer()
    other.start()
    other.holds.wait(10)
    yield other
    other.let_go.set()
    other.join()


def test_a_transaction_waits_for_the_one_that_writes(writer: Writer) -> None:
    threading.Timer(0.2, writer.let_go.set).start()

    with transaction.atomic():
        names = set(User.objects.values_list("username", flat=True))

    assert names == {"writer"}


def test_one_that_waits_too_long_is_told_and_can_try_again(writer: Writer) -> None:
    with patch.dict(connection.settings_dict["OPTIONS"], timeout=0.1), pytest.raises(OperationalError, match="locked"):
        transaction.atomic().__enter__()

    writer.let_go.set()
    writer.join()

    with transaction.atomic():
        assert User.objects.get().username == "writer"
