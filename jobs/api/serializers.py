from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.models import Job, JobEvent
from jobs.waiting import waiting_of


class JobSerializer(serializers.ModelSerializer):
    upload = serializers.UUIDField(source="upload_id", read_only=True)

    class Meta:
        model = Job
        fields: ClassVar = [
            "id",
            "name",
            "upload",
            "settings",
            "state",
            "cancel_requested_at",
            "priority",
            "pinned",
            "project",
            "series",
            "season",
            "episode",
            "attempts",
            "last_seq",
            "error_code",
            "error_message",
            "summary",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields: ClassVar = fields


class WaitingSerializer(serializers.Serializer):
    before = serializers.IntegerField(help_text="Jobs of all users likely to start first.")
    reason = serializers.CharField()


class JobDetailSerializer(JobSerializer):
    waiting = serializers.SerializerMethodField()

    class Meta(JobSerializer.Meta):
        fields: ClassVar = [*JobSerializer.Meta.fields, "waiting"]
        read_only_fields: ClassVar = fields

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, job: Job) -> dict[str, Any] | None:
        waiting = waiting_of(job, now=timezone.now())
        return dict(WaitingSerializer(waiting).data) if waiting else None


class BatchSerializer(serializers.Serializer):
    jobs = JobSerializer(many=True)


class StageSerializer(serializers.Serializer):
    name = serializers.CharField()
    state = serializers.CharField()
    progress = serializers.FloatField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    duration_s = serializers.FloatField(allow_null=True)
    reused = serializers.BooleanField()
    last_line = serializers.CharField()


class TimelineSerializer(serializers.Serializer):
    state = serializers.CharField()
    last_seq = serializers.IntegerField()
    stages = StageSerializer(many=True)


class EventSerializer(serializers.ModelSerializer):
    class Meta:
        model = JobEvent
        fields: ClassVar = ["seq", "at", "kind", "stage", "level", "message", "data"]
        read_only_fields: ClassVar = fields


class LogTailSerializer(serializers.Serializer):
    events = EventSerializer(many=True)
    last_seq = serializers.IntegerField(help_text="Ask again with `after` set to this.")
    is_final = serializers.BooleanField(help_text="The job ended and these are its last events.")


class ModeSerializer(serializers.Serializer):
    mode = serializers.CharField()
    summary = serializers.CharField()
    asr_search = serializers.CharField()
    audio_bitrate_kbps = serializers.IntegerField()


class LanguageSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
