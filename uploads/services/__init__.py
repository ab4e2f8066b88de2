"""Writes on uploads. A file arrives in pieces, by whatever protocol, or whole by a form; there is one store for all.

`begin` gives it room and a row; `append` and `write_chunk` take bytes, `place` copies them from another file;
`complete` makes it ready; `join` makes one of several.
"""

from uploads.services.appending import append
from uploads.services.beginning import Announced, begin
from uploads.services.completing import complete
from uploads.services.joining import join
from uploads.services.placing import MAX_CHUNK_BYTES, place, write_chunk
from uploads.services.receiving import receive
from uploads.services.recording import require_kept, require_open, require_ready
from uploads.services.removing import (
    ABANDONED_AFTER,
    discard,
    give_up,
    held,
    remove_expired,
    remove_orphans,
    take_back,
    terminate,
)

__all__ = [
    "ABANDONED_AFTER",
    "MAX_CHUNK_BYTES",
    "Announced",
    "append",
    "begin",
    "complete",
    "discard",
    "give_up",
    "held",
    "join",
    "place",
    "receive",
    "remove_expired",
    "remove_orphans",
    "require_kept",
    "require_open",
    "require_ready",
    "take_back",
    "terminate",
    "write_chunk",
]
