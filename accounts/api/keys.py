"""A user's API keys over the API: for the person alone, so that a key never makes another."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import keys
from accounts.api.authentication import signed_in
from accounts.api.bounded import BoundedListField
from accounts.limits import Limit
from accounts.models import ApiKey
from accounts.scopes import SESSION, Scope


class KeySerializer(serializers.ModelSerializer):
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices), read_only=True)

    class Meta:
        model = ApiKey
        fields: ClassVar = ["id", "name", "scopes", "created_at", "expires_at", "last_used_at"]
        read_only_fields: ClassVar = fields


class NewKeySerializer(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    scopes = BoundedListField(child=serializers.ChoiceField(Scope.choices), allow_empty=False, max_length=len(Scope))
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)

    def validate_expires_at(self, at: datetime | None) -> datetime | None:
        if at is not None and at <= timezone.now():
            raise serializers.ValidationError(_("This is in the past; choose a later time."))
        return at


class MadeKeySerializer(KeySerializer):
    """`key` is the key itself, said this once."""

    key = serializers.CharField(read_only=True)

    class Meta(KeySerializer.Meta):
        fields: ClassVar = [*KeySerializer.Meta.fields, "key"]
        read_only_fields: ClassVar = fields


class KeysView(generics.ListAPIView):
    scope = SESSION
    post_limit = Limit.CHANGE_BY_USER
    serializer_class = KeySerializer

    def get_queryset(self) -> QuerySet[ApiKey]:
        return keys.visible_keys(self.request.user)

    @extend_schema(operation_id="keys_create", request=NewKeySerializer, responses={201: MadeKeySerializer})
    def post(self, request: Request) -> Response:
        """Make an API key; the answer is the only one that ever has it."""
        form = NewKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        scopes = [Scope(value) for value in values["scopes"]]
        made = keys.make_key(signed_in(request), values["name"], scopes, expires_at=values["expires_at"])
        shown: dict[str, Any] = {**KeySerializer(made.key).data, "key": made.text}
        return Response(shown, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class KeyView(APIView):
    scope = SESSION

    @extend_schema(operation_id="keys_revoke", responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke it: it is refused at once, and sockets opened with it close within seconds."""
        keys.revoke_key(keys.get_key(request.user, key_id), by=signed_in(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
