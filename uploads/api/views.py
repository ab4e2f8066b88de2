"""Our own protocol: begin, send chunks in any order and in parallel, complete. And a plain form for small files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import signed_in
from accounts.limits import Limit
from uploads import services
from uploads.api.serializers import (
    CompletionSerializer,
    NewUploadSerializer,
    UploadFileSerializer,
    UploadListSerializer,
    UploadSerializer,
)
from uploads.bodies import Untouched, announced_length, pieces, whole_number
from uploads.checksums import Checksum, from_content_digest, from_hex
from uploads.errors import UploadInvalid
from uploads.models import Upload, UploadState
from uploads.selectors import get_upload, kept_uploads

OFFSET = OpenApiParameter("offset", OpenApiTypes.INT, required=True, description="Of the chunk's first byte.")
DIGEST = OpenApiParameter(
    "Content-Digest", location="header", description="`sha-256=:<base64>:` of the chunk (RFC 9530)."
)
HEX_DIGEST = OpenApiParameter("X-Chunk-SHA256", location="header", description="Instead: its SHA-256 in hexadecimal.")


def own_upload(request: Request, upload_id: UUID) -> Upload:
    """The user's upload, named in the log lines that follow. Raises Upload.DoesNotExist."""
    return named_in_logs(get_upload(request.user, upload_id))


def named_in_logs(upload: Upload) -> Upload:
    structlog.contextvars.bind_contextvars(upload_id=str(upload.id))
    return upload


class UploadsView(generics.ListAPIView):
    scope = "uploads"
    parser_classes = (MultiPartParser,)
    serializer_class = UploadSerializer
    post_limit = Limit.UPLOAD_BY_USER

    def get_queryset(self) -> QuerySet[Upload]:
        form = UploadListSerializer(data=self.request.query_params)
        form.is_valid(raise_exception=True)
        return kept_uploads(self.request.user).filter(**form.validated_data)

    @extend_schema(operation_id="uploads_list", parameters=[UploadListSerializer])
    def get(self, request: Request, *_arguments: Any) -> Response:
        """Your uploads, newest first; the unfinished ones with `state=receiving`."""
        return self.list(request)

    @extend_schema(
        operation_id="uploads_create",
        request={"multipart/form-data": UploadFileSerializer},
        responses={201: UploadSerializer},
    )
    def post(self, request: Request) -> Response:
        """Send one file in a multipart form, as field `file`. It is examined before the answer."""
        form = UploadFileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        upload = services.receive(signed_in(request), form.validated_data["file"])
        return Response(UploadSerializer(upload).data, status=status.HTTP_201_CREATED)


class NewUploadView(APIView):
    scope = "uploads"
    post_limit = Limit.UPLOAD_BY_USER

    @extend_schema(operation_id="uploads_init", request=NewUploadSerializer, responses={201: UploadSerializer})
    def post(self, request: Request) -> Response:
        """Begin an upload: the server makes room for the whole file. Send its chunks then."""
        form = NewUploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        upload = named_in_logs(services.begin(signed_in(request), form.announced(), now=timezone.now()))
        return Response(UploadSerializer(upload).data, status=status.HTTP_201_CREATED)


class UploadView(APIView):
    scope = "uploads"

    @extend_schema(operation_id="uploads_retrieve", responses=UploadSerializer)
    def get(self, request: Request, upload_id: UUID) -> Response:
        """Where an upload stands: what is there, and what is missing."""
        upload = own_upload(request, upload_id)
        if upload.state == UploadState.RECEIVING:
            services.require_kept(upload, now=timezone.now())
        return Response(UploadSerializer(upload).data)

    @extend_schema(operation_id="uploads_destroy", responses={204: None})
    def delete(self, request: Request, upload_id: UUID) -> Response:
        """Take an upload back, finished or not; not while dubs were made of it."""
        services.terminate(own_upload(request, upload_id).id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ChunkView(APIView):
    scope = "uploads"
    parser_classes = (Untouched,)
    is_unlimited = True  # a file is many of them, and its size bounds them

    @extend_schema(
        operation_id="uploads_chunk_put",
        parameters=[OFFSET, DIGEST, HEX_DIGEST],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses=UploadSerializer,
    )
    def put(self, request: Request, upload_id: UUID) -> Response:
        """Send one chunk, at most 64 MiB, in any order and several at once, with its checksum. Twice does no harm."""
        return self._receive(request, upload_id)

    @extend_schema(
        operation_id="uploads_chunk",
        parameters=[OFFSET, DIGEST, HEX_DIGEST],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses=UploadSerializer,
    )
    def post(self, request: Request, upload_id: UUID) -> Response:
        """The same, for clients that cannot PUT."""
        return self._receive(request, upload_id)

    def _receive(self, request: Request, upload_id: UUID) -> Response:
        upload = own_upload(request, upload_id)
        offset = whole_number(request.query_params.get("offset", ""), "offset")
        length, checksum = announced_length(request), _checksum(request)
        upload = services.write_chunk(upload, offset, pieces(request), length=length, checksum=checksum)
        return Response(UploadSerializer(upload).data)


class CompleteView(APIView):
    scope = "uploads"

    @extend_schema(operation_id="uploads_complete", request=CompletionSerializer, responses=UploadSerializer)
    def post(self, request: Request, upload_id: UUID) -> Response:
        """Say that all chunks are sent. The file is compared with `sha256` and examined; asking again does no harm."""
        upload = own_upload(request, upload_id)
        form = CompletionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        upload = services.complete(upload.id, sha256=form.validated_data.get("sha256", ""))
        return Response(UploadSerializer(upload).data)


def _checksum(request: Request) -> Checksum:
    if digest := request.headers.get("Content-Digest"):
        return from_content_digest(digest)
    if digest := request.headers.get("X-Chunk-SHA256"):
        return from_hex(digest)
    raise UploadInvalid(_("Give the chunk's checksum, in the header Content-Digest or X-Chunk-SHA256."))
