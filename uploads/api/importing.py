"""Files that lie on the server already: what there is, and an upload that fills itself from one of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import signed_in
from accounts.limits import Limit
from uploads import importing, importing_folders
from uploads.api.serializers import UploadSerializer
from uploads.api.views import own_upload


class ImportPages(PageNumberPagination):
    page_size = 20


class ImportableSerializer(serializers.Serializer):
    path = serializers.CharField()
    name = serializers.CharField()
    is_folder = serializers.BooleanField()
    size_bytes = serializers.IntegerField(allow_null=True)
    modified_at = serializers.DateTimeField(allow_null=True)


class NewImportSerializer(serializers.Serializer):
    path = serializers.CharField(max_length=importing_folders.PATH_MAX_CHARACTERS, trim_whitespace=False)


class ImportsView(generics.GenericAPIView):
    scope = "uploads"
    serializer_class = ImportableSerializer
    pagination_class = ImportPages

    @extend_schema(
        operation_id="imports_list",
        parameters=[
            OpenApiParameter("folder", OpenApiTypes.STR, description="A folder's `path`; none: those to begin with.")
        ],
        responses=ImportableSerializer(many=True),
    )
    def get(self, request: Request, *_arguments: Any) -> Response:
        """What a folder of the server holds that can be imported: folders first, then files, by name."""
        page = self.paginate_queryset(importing_folders.entries(request.query_params.get("folder", "")))
        listed = [importing_folders.listed(entry) for entry in page or []]
        return self.get_paginated_response(self.get_serializer(listed, many=True).data)


class NewImportView(APIView):
    scope = "uploads"
    post_limit = Limit.UPLOAD_BY_USER

    @extend_schema(operation_id="uploads_import", request=NewImportSerializer, responses={201: UploadSerializer})
    def post(self, request: Request) -> Response:
        """Begin an upload of a file that lies on the server: `path` as the list of importable files has it."""
        form = NewImportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        upload = importing.begin(signed_in(request), form.validated_data["path"])
        return Response(UploadSerializer(upload).data, status=status.HTTP_201_CREATED)


class PullView(APIView):
    scope = "uploads"

    @extend_schema(operation_id="uploads_pull", request=None, responses=UploadSerializer)
    def post(self, request: Request, upload_id: UUID) -> Response:
        """Copy the next part of an import. Ask again until nothing is missing, then complete the upload."""
        upload = own_upload(request, upload_id)
        return Response(UploadSerializer(importing.pull(upload)).data)
