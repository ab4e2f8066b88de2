"""tus 1.0.0 (https://tus.io/protocols/resumable-upload) on the store of all uploads.

Extensions: creation, creation-with-upload, checksum, expiration, termination, concatenation.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.http import http_date
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import signed_in
from accounts.api.permissions import HasScope
from accounts.limits import Limit
from pipeline.errors import StorageError, ToolError
from uploads import ranges, services
from uploads.api.views import named_in_logs, own_upload
from uploads.bodies import Untouched, announced_length, pieces, whole_number
from uploads.checksums import ALGORITHMS, Checksum, from_tus
from uploads.errors import UploadBeyondEnd, UploadLocked, WrongMediaType, WrongVersion
from uploads.models import Upload, UploadState
from uploads.tus_requests import new_upload
from uploads.writers import exclusive, is_busy

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination,concatenation"
BYTES = "application/offset+octet-stream"


class TusView(APIView):
    scope = "uploads"
    schema = None  # described by its own specification, not by OpenAPI
    parser_classes = (Untouched,)
    http_method_names = ["options", "head", "post", "patch", "delete"]  # noqa: RUF012 - Django's, of each instance

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Some proxies know only GET and POST. The CSRF check sees the method that is carried out."""
        if override := request.headers.get("X-HTTP-Method-Override"):
            request.method = override.upper()
        return super().dispatch(request, *args, **kwargs)

    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny() if self.request.method == "OPTIONS" else HasScope()]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
            raise WrongVersion(_("Send Tus-Resumable: %(version)s.") % {"version": VERSION})

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if request.method != "OPTIONS":
            answer.headers["Tus-Resumable"] = VERSION
        if answer.status_code == status.HTTP_412_PRECONDITION_FAILED:
            answer.headers["Tus-Version"] = VERSION
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def options(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> Response:
        headers = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        }
        return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)


class TusCreationView(TusView):
    post_limit = Limit.UPLOAD_BY_USER

    def post(self, request: Request) -> Response:
        """A new upload, perhaps with its first bytes; or one made of parts."""
        wanted = new_upload(request.headers)
        if wanted.parts:
            upload = services.join(signed_in(request), wanted.parts, wanted.announced)
            return Response(status=status.HTTP_201_CREATED, headers=_location(upload))
        length, checksum = _body_length(request), _checksum(request)
        if (length or 0) > wanted.announced.size_bytes > 0:
            raise UploadBeyondEnd(_("These bytes go past the announced end of the file."))
        upload = named_in_logs(services.begin(signed_in(request), wanted.announced, now=timezone.now()))
        headers = _location(upload)
        if length != 0:
            upload = _with_first_bytes(request, upload, length, checksum)
            headers |= _offset(upload)
        return Response(status=status.HTTP_201_CREATED, headers=headers | _expiry(upload))


class TusUploadView(TusView):
    is_unlimited = True  # one request a chunk, and what an upload may hold bounds them

    def head(self, request: Request, upload_id: str) -> Response:
        """Where to go on. Whoever still writes lets go first, so that the answer stays true."""
        upload = _open_upload(request, upload_id)
        if is_busy(upload.id):
            with exclusive(upload.id) as held:
                upload = held.upload
        try:
            upload = _completed(upload)  # where the server was stopped between the last byte and its answer
        except (ToolError, StorageError) as error:  # not the file's fault; clients take all but 423 for “not there”
            raise UploadLocked(_("The file cannot be examined now; try again in a moment.")) from error
        facts = upload.client_facts
        headers = {"Upload-Length": str(upload.size_bytes)} | _offset(upload) | _expiry(upload)
        headers |= {"Upload-Metadata": facts.tus_metadata} if facts.tus_metadata else {}
        headers |= {"Upload-Concat": facts.tus_concat} if facts.tus_concat else {}
        return Response(headers=headers)

    def patch(self, request: Request, upload_id: str) -> Response:
        """More bytes. The last ones are answered when the file has been examined."""
        upload = _open_upload(request, upload_id)
        if _media_type(request) != BYTES:
            raise WrongMediaType(_("Send Content-Type: %(type)s.") % {"type": BYTES})
        offset = whole_number(request.headers.get("Upload-Offset", ""), "Upload-Offset")
        length, checksum = announced_length(request), _checksum(request)
        upload = _completed(services.append(upload, offset, pieces(request), length=length, checksum=checksum))
        return Response(status=status.HTTP_204_NO_CONTENT, headers=_offset(upload) | _expiry(upload))

    def delete(self, request: Request, upload_id: str) -> Response:
        services.terminate(own_upload(request, _uuid(upload_id)).id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _open_upload(request: Request, upload_id: str) -> Upload:
    """Raises Upload.DoesNotExist, Http404, UploadGone, UploadRemoved."""
    upload = own_upload(request, _uuid(upload_id))
    services.require_kept(upload, now=timezone.now())
    return upload


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


def _media_type(request: Request) -> str:
    return (request.content_type or "").partition(";")[0].strip().lower()


def _body_length(request: Request) -> int | None:
    """0 without a body that belongs to the upload; None where it does not say how long it is."""
    return announced_length(request) if _media_type(request) == BYTES else 0


def _with_first_bytes(request: Request, upload: Upload, length: int | None, checksum: Checksum | None) -> Upload:
    """Leaves no upload whose address the client never learns."""
    try:
        return _completed(services.append(upload, 0, pieces(request), length=length, checksum=checksum))
    except BaseException:
        services.take_back(upload.id)
        raise


def _completed(upload: Upload) -> Upload:
    """The upload, ready where all its bytes are there."""
    is_due = upload.state == UploadState.RECEIVING and upload.is_whole and not upload.is_partial
    return services.complete(upload.id) if is_due else upload


def _checksum(request: Request) -> Checksum | None:
    header = request.headers.get("Upload-Checksum")
    return from_tus(header) if header is not None else None


def _location(upload: Upload) -> dict[str, str]:
    """Without scheme and host, which a proxy may have changed."""
    return {"Location": reverse("tus_upload", args=[upload.id])}


def _offset(upload: Upload) -> dict[str, str]:
    return {"Upload-Offset": str(ranges.next_missing(upload.ranges))}


def _expiry(upload: Upload) -> dict[str, str]:
    return {"Upload-Expires": http_date(upload.expires_at.timestamp())} if upload.expires_at else {}
