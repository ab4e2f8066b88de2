"""Lists and tables in requests that are counted before each of their entries is looked at."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy
from rest_framework import serializers


class BoundedListField(serializers.ListField):
    """The base class tells of everything that is wrong with each entry, a quarter of a millisecond each, and only then
    that there are too many.
    """

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


class BoundedDictField(serializers.DictField):
    default_error_messages: ClassVar = {"max_length": gettext_lazy("Give at most {max_length} of them.")}

    def __init__(self, *, max_length: int, **options: Any) -> None:
        self.max_length = max_length
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict) and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)
