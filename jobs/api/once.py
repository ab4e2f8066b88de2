"""Requests that may be sent twice: the Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TypeVar

from django.http import QueryDict
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import signed_in
from jobs import idempotency
from jobs.idempotency import Answer
from jobs.transport import admission

HEADER = "Idempotency-Key"
PARAMETER = OpenApiParameter(
    HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The same key with the same body gets the same answer for 24 hours, and has one effect.",
)
Checked = TypeVar("Checked")


def created_once(
    request: Request, check: Callable[[], Checked], create: Callable[[Checked], serializers.BaseSerializer]
) -> Response:
    """201 with what `create` made, once for each key. `check` may take its time: it runs in no transaction."""
    owner, now = signed_in(request), timezone.now()
    header = request.headers.get(HEADER)
    if header is None:
        return _response(_created(create(check())))
    key, digest = idempotency.parse_key(header), _sha256(request)
    kept = idempotency.kept_answer(owner, key, digest, now=now)
    if kept is not None:
        return _response(kept)
    admission.require_open()  # before the transaction, in which nobody should wait for Redis
    checked = check()
    return _response(idempotency.answer_once(owner, key, digest, lambda: _created(create(checked)), now=now))


def _created(made: serializers.BaseSerializer) -> Answer:
    return Answer(status.HTTP_201_CREATED, JSONRenderer().render(made.data).decode())


def _response(answer: Answer) -> Response:
    headers = {"Idempotency-Replayed": "true"} if answer.is_repeated else None
    return Response(json.loads(answer.body), status=answer.status, headers=headers)


def _sha256(request: Request) -> str:
    """Of what is asked, however its fields are ordered."""
    data = dict(request.data.lists()) if isinstance(request.data, QueryDict) else request.data
    asked = json.dumps([request.method, request.path, data], sort_keys=True, default=str)
    return hashlib.sha256(asked.encode()).hexdigest()
