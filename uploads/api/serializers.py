from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from uploads.models import Upload


class UploadSerializer(serializers.ModelSerializer):
    class Meta:
        model = Upload
        fields: ClassVar = ["id", "name", "size_bytes", "sha256", "media", "state", "created_at"]
        read_only_fields: ClassVar = fields


class NewUploadSerializer(serializers.Serializer):
    file = serializers.FileField(allow_empty_file=True)  # `receive` says what is wrong with an empty one
