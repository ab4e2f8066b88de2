"""What bodies of API requests are read as."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """A body nested deeper than Python's stack is the client's mistake, not ours, and so is half a character or U+0000:
    neither can be sent back or kept by every database.
    """

    def parse(self, stream: IO[Any], *arguments: Any, **options: Any) -> Any:
        try:
            body = super().parse(stream, *arguments, **options)
            for text in _texts(body):
                text.encode()
                if "\x00" in text:
                    raise ParseError("JSON parse error - a text holds the character U+0000")
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply") from error
        except UnicodeEncodeError as error:
            raise ParseError("JSON parse error - a text holds half a character (a lone surrogate)") from error
        return body


def _texts(body: Any) -> Iterator[str]:
    """Every text in it, names of fields too. Without recursion, which would hand each text up through every level."""
    left = [body]
    while left:
        match left.pop():
            case str() as text:
                yield text
            case dict() as table:
                left.extend(table)
                left.extend(table.values())
            case list() as entries:
                left.extend(entries)
