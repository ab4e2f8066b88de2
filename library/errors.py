"""Why something of the library is not given out.

DubbingError
└── DubTakenDown    library.taken_down
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from pipeline.errors import DubbingError


class DubTakenDown(DubbingError):
    """A moderator took the dub down; the message carries their reason, for its owner."""

    code = "library.taken_down"

    def __init__(self, reason: str) -> None:
        super().__init__(_("A moderator took this dub down: %(reason)s") % {"reason": reason})
