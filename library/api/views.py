from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from library import files, selectors
from library.api.filters import DubFilter
from library.api.serializers import DubSerializer
from library.models import Dub


class DubsView(generics.ListAPIView):
    scope = "library"
    serializer_class = DubSerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = DubFilter

    def get_queryset(self) -> QuerySet[Dub]:
        return selectors.visible_dubs(self.request.user)


class DubView(APIView):
    scope = "library"

    @extend_schema(operation_id="dubs_retrieve", responses=DubSerializer)
    def get(self, request: Request, dub_id: UUID) -> Response:
        return Response(DubSerializer(selectors.get_dub(request.user, dub_id)).data)


class FileView(APIView):
    scope = "library"

    @extend_schema(
        operation_id="dubs_file",
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, dub_id: UUID, kind: str) -> HttpResponseBase:
        """One file of a dub; `Range` gives a part of it."""
        artifact = selectors.get_artifact(request.user, dub_id, kind)
        return files.serve(request._request, artifact, as_attachment=True)

    @extend_schema(exclude=True)
    def head(self, request: Request, dub_id: UUID, kind: str) -> HttpResponseBase:
        return self.get(request, dub_id, kind)
