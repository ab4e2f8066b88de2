"""Presets over the API."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import signed_in
from jobs import presets
from jobs.api.submissions import DubSettingsSerializer, settings_over
from jobs.models import Preset


class PresetSerializer(serializers.ModelSerializer):
    class Meta:
        model = Preset
        fields: ClassVar = ["id", "name", "settings", "is_default", "created_at"]
        read_only_fields: ClassVar = fields


class NewPresetSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    settings = DubSettingsSerializer()
    is_default = serializers.BooleanField(required=False, help_text="New dubs start from it, and from no other.")


class PresetsView(generics.ListAPIView):
    scope = "jobs"
    serializer_class = PresetSerializer

    def get_queryset(self) -> QuerySet[Preset]:
        return presets.visible_presets(self.request.user)

    @extend_schema(operation_id="presets_create", request=NewPresetSerializer, responses={201: PresetSerializer})
    def post(self, request: Request) -> Response:
        """Keep settings under a name; the name is taken once, whatever its case."""
        form = NewPresetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        preset = presets.create_preset(signed_in(request), values["name"], settings_over(None, values["settings"]))
        _set_default(preset, values)
        return Response(PresetSerializer(preset).data, status=status.HTTP_201_CREATED)


class PresetView(APIView):
    scope = "jobs"

    @extend_schema(operation_id="presets_retrieve", responses=PresetSerializer)
    def get(self, request: Request, preset_id: UUID) -> Response:
        return Response(PresetSerializer(presets.get_preset(request.user, preset_id)).data)

    @extend_schema(operation_id="presets_update", request=NewPresetSerializer(partial=True), responses=PresetSerializer)
    def patch(self, request: Request, preset_id: UUID) -> Response:
        """Change what is given; settings that are left out stay."""
        preset = presets.get_preset(request.user, preset_id)
        form = NewPresetSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        settings = settings_over(preset.dub_settings, values["settings"]) if "settings" in values else None
        preset = presets.change_preset(preset, name=values.get("name"), settings=settings)
        _set_default(preset, values)
        return Response(PresetSerializer(preset).data)

    @extend_schema(operation_id="presets_delete", responses={204: None})
    def delete(self, request: Request, preset_id: UUID) -> Response:
        """Jobs made with it keep their settings."""
        presets.get_preset(request.user, preset_id).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


def _set_default(preset: Preset, values: dict[str, Any]) -> None:
    if values.get("is_default"):
        presets.make_default(preset)
    elif values.get("is_default") is False and preset.is_default:
        presets.clear_default(preset.owner)
        preset.is_default = False
