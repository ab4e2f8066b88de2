"""The OpenAPI document: made once for everybody, in the server's language."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.translation import override
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.request import Request
from rest_framework.response import Response


class Description(SpectacularJSONAPIView):
    """spectacular's view makes the document for each request, takes any text for a language, which Django then keeps
    for ever, and writes what is asked for as the version into a header: anybody may read this one.
    """

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(document())


@cache
def document() -> dict[str, Any]:
    with override(settings.LANGUAGE_CODE):
        made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made
