from __future__ import annotations

from typing import ClassVar, TypedDict

from rest_framework import serializers

from uploads import ranges
from uploads.checksums import sha256_hex
from uploads.metadata import TYPE_MAX_CHARACTERS, ClientFacts
from uploads.models import Upload, UploadState
from uploads.services import Announced

MISSING_SHOWN = 100
NAME_MAX_CHARACTERS = 100_000  # sent, not kept: `uploads.names`
SIZE_MAX = 2**63 - 1
TIME_MAX_MS = 10**14


class MissingRange(TypedDict):
    start: int
    end: int


class UploadSerializer(serializers.ModelSerializer):
    """Where an upload stands."""

    total_bytes = serializers.IntegerField(source="size_bytes", read_only=True)
    received_bytes = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField(help_text="Of 1.")
    next_missing = serializers.SerializerMethodField(help_text="The first byte that is missing; total_bytes: none is.")
    missing = serializers.SerializerMethodField(help_text="The first 100 ranges, `end` not included.")
    missing_count = serializers.SerializerMethodField(help_text="How many ranges are missing.")
    type = serializers.SerializerMethodField(help_text="What the client called it.")
    last_modified_ms = serializers.SerializerMethodField(help_text="As the client said.")

    import_path = serializers.SerializerMethodField(help_text="Of the server's file it is filled from; mostly empty.")

    class Meta:
        model = Upload
        fields: ClassVar = [
            "id",
            "name",
            "state",
            "received_bytes",
            "total_bytes",
            "progress",
            "next_missing",
            "missing",
            "missing_count",
            "chunk_bytes",
            "expires_at",
            "sha256",
            "media",
            "type",
            "last_modified_ms",
            "is_partial",
            "import_path",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = fields

    def get_received_bytes(self, upload: Upload) -> int:
        return ranges.count_bytes(upload.ranges)

    def get_progress(self, upload: Upload) -> float:
        return ranges.count_bytes(upload.ranges) / upload.size_bytes if upload.size_bytes else 1.0

    def get_next_missing(self, upload: Upload) -> int:
        return ranges.next_missing(upload.ranges)

    def get_missing(self, upload: Upload) -> list[MissingRange]:
        gaps = ranges.missing(upload.ranges, 0, upload.size_bytes)
        return [{"start": start, "end": end} for start, end in gaps[:MISSING_SHOWN]]

    def get_missing_count(self, upload: Upload) -> int:
        return len(ranges.missing(upload.ranges, 0, upload.size_bytes))

    def get_import_path(self, upload: Upload) -> str:
        return upload.imported.path if hasattr(upload, "imported") else ""

    def get_type(self, upload: Upload) -> str:
        return upload.client_facts.media_type

    def get_last_modified_ms(self, upload: Upload) -> int | None:
        return upload.client_facts.last_modified_ms


class UploadFileSerializer(serializers.Serializer):
    file = serializers.FileField(allow_empty_file=True)  # `receive` says what is wrong with an empty one


class _Sha256Field(serializers.CharField):
    def to_internal_value(self, data: str) -> str:
        text = super().to_internal_value(data)
        return sha256_hex(text) if text else ""


class NewUploadSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_MAX_CHARACTERS, allow_blank=True)
    total_bytes = serializers.IntegerField(min_value=0, max_value=SIZE_MAX)
    sha256 = _Sha256Field(required=False, allow_blank=True, help_text="Of the whole file, 64 hexadecimal digits.")
    type = serializers.CharField(required=False, allow_blank=True, max_length=TYPE_MAX_CHARACTERS)
    last_modified_ms = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=TIME_MAX_MS)

    def announced(self) -> Announced:
        data = self.validated_data
        client = ClientFacts(media_type=data.get("type", ""), last_modified_ms=data.get("last_modified_ms"))
        return Announced(data["name"], data["total_bytes"], data.get("sha256", ""), client)


class CompletionSerializer(serializers.Serializer):
    sha256 = _Sha256Field(required=False, allow_blank=True, help_text="Of the whole file, 64 hexadecimal digits.")


class UploadListSerializer(serializers.Serializer):
    state = serializers.ChoiceField(UploadState.choices, required=False)
