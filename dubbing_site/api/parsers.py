"""What bodies of API requests are read as."""

from __future__ import annotations

from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """A body nested deeper than Python's stack is the client's mistake, not ours."""

    def parse(self, stream: IO[Any], *arguments: Any, **options: Any) -> Any:
        try:
            return super().parse(stream, *arguments, **options)
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply") from error
