"""What an upload is called: a client's file name, made fit to be shown."""

from __future__ import annotations

from django.utils.translation import gettext as _

NAME_MAX_CHARACTERS = 255
LOOKED_AT_CHARACTERS = 10_000  # of a longer name, only the end is looked at


def display_name(name: str) -> str:
    """The last part of a client's path without control and direction characters, at most 255 characters.

    For showing only: it never becomes part of a path.
    """
    last = name[-LOOKED_AT_CHARACTERS:].replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(character for character in last if character.isprintable()).strip()
    return shown[-NAME_MAX_CHARACTERS:].strip() or _("Untitled")
