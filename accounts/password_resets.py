"""Links that set a new password: allauth's own, handed over by an administrator or mailed."""

from __future__ import annotations

import threading
from contextvars import copy_context
from smtplib import SMTPException

import structlog
from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.contrib.sites.shortcuts import get_current_site
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.urls import reverse

from accounts.audit.recording import Action, record
from accounts.links import link
from accounts.models import User

logger = structlog.get_logger(__name__)


def reset_path(user: User, *, by: User | None) -> str:
    """Works once, for PASSWORD_RESET_TIMEOUT seconds: the key is signed over the password and the last sign-in."""
    record(Action.RESET_LINK_MADE, actor=by, target=user)
    return _path(user, default_token_generator)


def mail_link(request: HttpRequest, user: User | None) -> None:
    """To the user's own address; None for an address that nobody has.

    That takes as long as for one that is known, but for two small queries: the mail is written and thrown away, and a
    real one goes out beside the answer, which so waits for no mail server. Where mails are only printed none goes out:
    anybody can ask for it, and the terminal may be a log that many read.
    """
    record(Action.PASSWORD_RESET_ASKED, actor=None, target=user, request=request)
    reader = user or User(username="nobody", email="nobody@example.org")
    tokens = default_token_generator if user else PasswordResetTokenGenerator()  # allauth's wants the user's row
    told = {
        "request": request,
        "user": reader,
        "username": reader.username,
        "email": reader.email,
        "current_site": get_current_site(request),
        "password_reset_url": link(request, _path(reader, tokens)),
    }
    mail = get_adapter().render_mail("account/email/password_reset_key", reader.email, told)
    if user is not None and settings.MAIL_IS_SENT:
        threading.Thread(target=copy_context().run, args=(_send, mail), name="mail").start()


def _send(mail: EmailMessage) -> None:
    """Whoever waits for it in vain asks again; the operator reads why it did not come."""
    try:
        mail.send()
    except (OSError, SMTPException, ValueError) as error:  # ValueError: what can be no header
        logger.error("mail_not_sent", error=str(error))


def _path(user: User, tokens: PasswordResetTokenGenerator) -> str:
    names = {"uidb36": user_pk_to_url_str(user), "key": tokens.make_token(user)}
    return reverse("account_reset_password_from_key", kwargs=names)
