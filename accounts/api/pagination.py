"""Lists come newest first, in pages that stay put while new rows arrive."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    ordering: Any = ("-created_at", "-id")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(self, *arguments: Any, **options: Any) -> Any:
        """Raises NotFound for a cursor that nobody was given: the base class puts its text into the query as it is."""
        try:
            return super().paginate_queryset(*arguments, **options)
        except (ValidationError, ValueError, OverflowError, DataError) as error:
            raise NotFound(self.invalid_cursor_message) from error
