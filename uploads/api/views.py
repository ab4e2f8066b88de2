from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import signed_in
from uploads import services
from uploads.api.serializers import NewUploadSerializer, UploadSerializer


class UploadsView(APIView):
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="uploads_create",
        request={"multipart/form-data": NewUploadSerializer},
        responses={201: UploadSerializer},
    )
    def post(self, request: Request) -> Response:
        """Send one file in a multipart form, as field `file`. It is examined before the answer."""
        form = NewUploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        upload = services.receive(signed_in(request), form.validated_data["file"])
        return Response(UploadSerializer(upload).data, status=status.HTTP_201_CREATED)
