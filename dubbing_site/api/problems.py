"""Every API error as problem+json (RFC 9457): type, title, status, detail and a stable code."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    BadRequest,
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from accounts.errors import ScopeMissing, SecondFactorRequired, SessionRequired, TooManyKeys
from jobs.errors import BatchRefused
from pipeline.errors import DiskFull, DubbingError, OutputNotWritable, StorageError, ToolTimeout

CONTENT_TYPE = "application/problem+json"
CHECKSUM_MISMATCH = 460  # tus' own; HTTP has none for it
TITLES = {CHECKSUM_MISMATCH: "Checksum Mismatch"}
STATUS_OF_CODE: dict[str, int] = {
    "upload.invalid": HTTPStatus.BAD_REQUEST,
    "upload.too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "upload.chunk_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "upload.beyond_end": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "upload.media_type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "upload.version": HTTPStatus.PRECONDITION_FAILED,
    "upload.quota": HTTPStatus.FORBIDDEN,
    "upload.final": HTTPStatus.FORBIDDEN,
    "upload.too_many": HTTPStatus.TOO_MANY_REQUESTS,
    "upload.offset": HTTPStatus.CONFLICT,
    "upload.scattered": HTTPStatus.CONFLICT,
    "upload.incomplete": HTTPStatus.CONFLICT,
    "upload.not_ready": HTTPStatus.CONFLICT,
    "upload.in_use": HTTPStatus.CONFLICT,
    "upload.import_off": HTTPStatus.FORBIDDEN,
    "upload.import_not_found": HTTPStatus.NOT_FOUND,
    "upload.import_unreadable": HTTPStatus.FORBIDDEN,
    "upload.import_changed": HTTPStatus.CONFLICT,
    "upload.not_import": HTTPStatus.CONFLICT,
    "upload.checksum": CHECKSUM_MISMATCH,
    "upload.locked": HTTPStatus.LOCKED,
    "upload.interrupted": HTTPStatus.SERVICE_UNAVAILABLE,
    "upload.gone": HTTPStatus.GONE,
    ToolTimeout.code: HTTPStatus.SERVICE_UNAVAILABLE,
    "library.taken_down": HTTPStatus.FORBIDDEN,
    "jobs.too_many_waiting": HTTPStatus.TOO_MANY_REQUESTS,
    "upload.removed": HTTPStatus.GONE,
    "jobs.daily_limit": HTTPStatus.TOO_MANY_REQUESTS,
    "jobs.name_taken": HTTPStatus.CONFLICT,
    "jobs.too_many_kept": HTTPStatus.CONFLICT,
    "jobs.not_allowed": HTTPStatus.FORBIDDEN,
    "jobs.state": HTTPStatus.CONFLICT,
    "jobs.idempotency_key": HTTPStatus.BAD_REQUEST,
    "jobs.idempotency_mismatch": HTTPStatus.CONFLICT,
    "jobs.idempotency_in_progress": HTTPStatus.CONFLICT,
    "jobs.draining": HTTPStatus.SERVICE_UNAVAILABLE,
    "jobs.queue_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    ScopeMissing.code: HTTPStatus.FORBIDDEN,
    SessionRequired.code: HTTPStatus.FORBIDDEN,
    SecondFactorRequired.code: HTTPStatus.FORBIDDEN,
    TooManyKeys.code: HTTPStatus.CONFLICT,
    DiskFull.code: HTTPStatus.INSUFFICIENT_STORAGE,
    StorageError.code: HTTPStatus.INTERNAL_SERVER_ERROR,
    OutputNotWritable.code: HTTPStatus.INTERNAL_SERVER_ERROR,
}
USER_CAN_FIX = 2  # DubbingError.exit_code of errors that another file or option solves


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None leaves a programming error to Django (500)."""
    if isinstance(error, DubbingError):
        return _refusal(error)
    if isinstance(error, RequestDataTooBig):
        return _problem(413, "too_large", _("The request is too large; send files through /api/uploads."))
    if isinstance(error, TooManyFieldsSent | TooManyFilesSent):
        return _problem(400, "malformed", _("The form has too many fields or files."))
    if isinstance(error, BadRequest):
        return _problem(400, "malformed", str(error))
    if isinstance(error, ObjectDoesNotExist):
        error = Http404()
    response = exception_handler(error, context)
    if response is None:
        return None
    code, detail, fields = _described(error, response)
    problem = _problem(response.status_code, code, detail, fields)
    for header in ("WWW-Authenticate", "Retry-After", "Allow"):
        if header in response.headers:
            problem.headers[header] = response.headers[header]
    return problem


def _refusal(error: DubbingError) -> Response:
    problem = _problem(_status(error), error.code, str(error), _more(error))
    if isinstance(error, ScopeMissing):
        problem.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{error.scope}"'  # RFC 6750
    if (retry_after_s := getattr(error, "retry_after_s", None)) is not None:
        problem.headers["Retry-After"] = str(retry_after_s)
    return problem


def _more(error: DubbingError) -> dict[str, Any]:
    if isinstance(error, BatchRefused):
        return {"items": [asdict(item) for item in error.items]}
    return {"scope": error.scope.value} if isinstance(error, ScopeMissing) else {}


def _status(error: DubbingError) -> int:
    if error.code in STATUS_OF_CODE:
        return STATUS_OF_CODE[error.code]
    if error.exit_code == USER_CAN_FIX:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.INTERNAL_SERVER_ERROR


def _described(error: Exception, response: Response) -> tuple[str, str, dict[str, Any]]:
    if isinstance(error, exceptions.ValidationError):
        errors = response.data if isinstance(response.data, dict) else {"body": response.data}
        first = next(iter(errors.items()))
        return "invalid", f"{first[0]}: {_first_text(first[1])}", {"errors": errors}
    if isinstance(error, Http404):
        return "not_found", "There is no such thing here.", {}
    if isinstance(error, PermissionDenied):
        return "permission_denied", "You may not do this.", {}
    code = getattr(error, "default_code", "error")
    return str(code), str(getattr(error, "detail", error)), {}


def _first_text(value: Any) -> str:
    while isinstance(value, list | dict) and value:
        value = value[0] if isinstance(value, list) else next(iter(value.values()))
    return str(value)


def problem_of(status: int, code: str, detail: str, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": TITLES.get(status) or HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        **(extra or {}),
    }


def _problem(status: int, code: str, detail: str, extra: dict[str, Any] | None = None) -> Response:
    return Response(problem_of(status, code, detail, extra), status=status, content_type=CONTENT_TYPE)
