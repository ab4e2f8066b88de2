from __future__ import annotations

from typing import ClassVar

from django.urls import reverse
from rest_framework import serializers

from library.models import Artifact, Dub


class ArtifactSerializer(serializers.ModelSerializer):
    url = serializers.SerializerMethodField()

    class Meta:
        model = Artifact
        fields: ClassVar = ["kind", "name", "size_bytes", "sha256", "content_type", "url"]
        read_only_fields: ClassVar = fields

    def get_url(self, artifact: Artifact) -> str:
        return reverse("api:dub-file", args=[artifact.dub_id, artifact.kind])


class DubSerializer(serializers.ModelSerializer):
    artifacts = ArtifactSerializer(many=True, read_only=True)

    class Meta:
        model = Dub
        fields: ClassVar = [
            "id",
            "job_id",
            "title",
            "source_language",
            "target_language",
            "duration_s",
            "series",
            "season",
            "episode",
            "created_at",
            "taken_down_at",
            "taken_down_reason",
            "artifacts",
        ]
        read_only_fields: ClassVar = fields
