"""Removing what a hard stop left behind: files without a row, or about to be one for too long."""

from __future__ import annotations

from datetime import datetime

import structlog

from jobs.workspaces import remove_stale
from library import services as library
from uploads import services as uploads
from uploads import storage

logger = structlog.get_logger(__name__)


def sweep(*, now: datetime) -> None:
    removed = {
        "uploads": uploads.remove_expired(now=now) + uploads.remove_orphans(now=now),
        "dubs": library.remove_orphans(),
        "workspaces": remove_stale(),
        "plaintexts": storage.remove_left_copies(),
    }
    if any(removed.values()):
        logger.info("swept", **removed)
