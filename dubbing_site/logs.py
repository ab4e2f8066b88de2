"""Structured logs: one event name and fields a line, for people (`console`) or machines (`json`)."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

# Addresses that carry a secret: the one-time setup link, invites and allauth's password reset link.
_SECRET_PATHS = re.compile(r"(/setup/|/invite/|/accounts/password/reset/key/|/accounts/confirm-email/)[^/\s'\"]+")

_QUERIES = re.compile(r"(?<=[/\w])\?[^\s'\"]+")

SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Takes the secret part out of every address in a line, whichever field it stands in."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _SECRET_PATHS.sub(r"\1…", value)
    return event


def hide_queries(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Takes out where words and file names of users could stand: what was searched for, and what tools said."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _QUERIES.sub("", value)
    if "stderr" in event:
        event["stderr"] = "…"
    return event


def configure(level: str, style: str, *hiding: Processor) -> dict[str, Any]:
    """Sets structlog up and returns Django's LOGGING, so that both kinds of line look alike.

    `hiding` are processors that take something out, besides secrets.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderers: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, hide_secrets, *hiding]
    if style == "json":
        renderers += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        renderers += [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": renderers,
                "foreign_pre_chain": SHARED_PROCESSORS,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True, "level": level},
            # It names every process it starts and every doorbell; an operator needs neither.
            "django-q": {"handlers": ["stderr"], "propagate": False, "level": "WARNING"},
            "daphne": {"level": "WARNING"},
            # One line a request comes from django_structlog, with the request's id.
            "django.channels.server": {"level": "WARNING"},
        },
    }
