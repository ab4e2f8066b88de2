from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import signed_in
from jobs import dispatch, selectors
from jobs.api.serializers import (
    JobSerializer,
    LanguageSerializer,
    LogTailSerializer,
    ModeSerializer,
    NewJobSerializer,
    TimelineSerializer,
)
from jobs.models import Job
from pipeline.engines.registry import target_languages
from pipeline.settings import PROFILES
from uploads.models import Upload
from uploads.selectors import get_upload

TAIL_LIMIT = 500


class JobsView(generics.ListAPIView):
    serializer_class = JobSerializer

    def get_queryset(self) -> QuerySet[Job]:
        return selectors.visible_jobs(self.request.user).prefetch_related("shards")

    @extend_schema(operation_id="jobs_create", request=NewJobSerializer, responses={201: JobSerializer})
    def post(self, request: Request) -> Response:
        """Ask for a dub of an upload. It waits in the queue until a worker is free."""
        form = NewJobSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            upload = get_upload(request.user, form.validated_data["upload"])
        except Upload.DoesNotExist as error:
            raise serializers.ValidationError({"upload": ["There is no such upload."]}) from error
        job = dispatch.submit(signed_in(request), upload, form.dub_settings())
        return Response(JobSerializer(job).data, status=status.HTTP_201_CREATED)


class JobView(APIView):
    @extend_schema(operation_id="jobs_retrieve", responses=JobSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        return Response(JobSerializer(selectors.get_job(request.user, job_id)).data)


class CancelView(APIView):
    @extend_schema(operation_id="jobs_cancel", request=None, responses=JobSerializer)
    def post(self, request: Request, job_id: UUID) -> Response:
        """A waiting job ends at once; a running one within two seconds. 409 when it has ended already."""
        job = dispatch.cancel(selectors.get_job(request.user, job_id), by=signed_in(request))
        return Response(JobSerializer(job).data)


class TimelineView(APIView):
    @extend_schema(operation_id="jobs_timeline", responses=TimelineSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        """The stages with their state, progress, duration and last line."""
        job = selectors.get_job(request.user, job_id)
        stages = selectors.timeline(job, now=timezone.now())
        return Response(TimelineSerializer({"state": job.state, "last_seq": job.last_seq, "stages": stages}).data)


class LogTailView(APIView):
    @extend_schema(
        operation_id="jobs_logs_tail",
        parameters=[OpenApiParameter("after", OpenApiTypes.INT, description="Last `seq` already seen.", default=0)],
        responses=LogTailSerializer,
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """Up to 500 events after `after`, oldest first."""
        job = selectors.get_job(request.user, job_id)
        after = serializers.IntegerField(min_value=0).run_validation(request.query_params.get("after", "0"))
        events = selectors.events_after(job, after, TAIL_LIMIT)
        last_seq = events[-1].seq if events else after
        tail = {"events": events, "last_seq": last_seq, "is_final": job.is_final and last_seq >= job.last_seq}
        return Response(LogTailSerializer(tail).data)


class ModesView(APIView):
    @extend_schema(operation_id="modes", responses=ModeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What each mode trades."""
        return Response(ModeSerializer(PROFILES.values(), many=True).data)


class LanguagesView(APIView):
    @extend_schema(operation_id="languages", responses=LanguageSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Languages a dub can be made in here."""
        return Response(LanguageSerializer(target_languages(), many=True).data)
