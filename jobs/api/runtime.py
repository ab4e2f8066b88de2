"""How the queue is doing: enough for everyone to know why a job waits, all of it for administrators."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import granted_to
from accounts.scopes import Scope
from jobs.models import Worker
from jobs.transport.overview import Overview, overview


class QueueCountsSerializer(serializers.Serializer):
    queue = serializers.CharField()
    waiting = serializers.IntegerField()
    running = serializers.IntegerField()
    slots = serializers.IntegerField()


class WorkerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Worker
        fields: ClassVar = [
            "host",
            "pid",
            "queues",
            "slots",
            "busy",
            "transport",
            "transport_since",
            "started_at",
            "seen_at",
        ]
        read_only_fields: ClassVar = fields


class RuntimeQueueSerializer(serializers.Serializer):
    """`transport` and what follows it are shown to administrators only."""

    mode = serializers.CharField(source="transport.mode")
    is_degraded = serializers.BooleanField(source="transport.is_degraded")
    queues = QueueCountsSerializer(many=True)
    transport = serializers.CharField(source="transport.transport", required=False)
    transport_since = serializers.DateTimeField(source="transport.since", required=False)
    oldest_waiting_s = serializers.FloatField(allow_null=True, required=False)
    doorbells = serializers.IntegerField(required=False)
    workers = WorkerSerializer(many=True, required=False)


FOR_EVERYONE = ("mode", "is_degraded", "queues")


class RuntimeQueueView(APIView):
    scope = "jobs"

    @extend_schema(operation_id="runtime_queue", responses=RuntimeQueueSerializer)
    def get(self, request: Request) -> Response:
        """What waits, what runs and what wakes the workers."""
        seen: Overview = overview(now=timezone.now())
        shown: dict[str, Any] = RuntimeQueueSerializer(seen).data
        if Scope.ADMIN not in granted_to(request):
            shown = {name: shown[name] for name in FOR_EVERYONE}
        return Response(shown)
