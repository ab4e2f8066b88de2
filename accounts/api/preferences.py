"""A user's own settings over the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import preferences
from accounts.api.authentication import signed_in
from accounts.api.bounded import BoundedDictField
from accounts.limits import Limit, take
from accounts.models import Preferences
from accounts.models.preferences import VOICE_MAX_CHARS, VOICES_AT_MOST, WISHES, check_voices
from accounts.scopes import SESSION


class PreferencesSerializer(serializers.ModelSerializer):
    voices = BoundedDictField(
        max_length=VOICES_AT_MOST,
        child=serializers.CharField(max_length=VOICE_MAX_CHARS),
        required=False,
        help_text="The name of a voice for each language dubbed into.",
    )

    class Meta:
        model = Preferences
        fields = WISHES

    def validate_voices(self, voices: dict[str, Any]) -> dict[str, Any]:
        try:
            check_voices(voices)
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        return voices


class PreferencesView(APIView):
    scope = SESSION

    @extend_schema(operation_id="me_settings", responses=PreferencesSerializer)
    def get(self, request: Request) -> Response:
        """What is assumed where you say nothing else."""
        return Response(PreferencesSerializer(preferences.preferences_of(signed_in(request))).data)

    @extend_schema(operation_id="me_settings_update", request=PreferencesSerializer, responses=PreferencesSerializer)
    def patch(self, request: Request) -> Response:
        """Change some of it; what is left out stays."""
        take(Limit.CHANGE_BY_USER, str(signed_in(request).pk))
        form = PreferencesSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changed = preferences.change(signed_in(request), form.validated_data)
        return Response(PreferencesSerializer(changed).data)
