"""Everything that is given strange input."""

from __future__ import annotations

from tests.security.fuzz import media, requests, texts
from tests.security.fuzz.effort import Target

TARGETS: tuple[Target, ...] = (texts.TEXTS, media.MEDIA, requests.REQUESTS)
