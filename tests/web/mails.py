"""Mails that go out beside the answer to a request. A test that causes one asks for it, so that none is the next's."""

from __future__ import annotations

import threading

from django.core import mail
from django.core.mail import EmailMessage


def sent_mails() -> list[EmailMessage]:
    """Once all are on their way."""
    for thread in threading.enumerate():
        if thread.name == "mail":
            thread.join(60)
    return mail.outbox
