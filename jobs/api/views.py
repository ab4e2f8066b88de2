from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import signed_in
from accounts.limits import Limit
from jobs import dispatch, filing, selectors
from jobs.api import once
from jobs.api.filters import JobFilter
from jobs.api.serializers import (
    BatchSerializer,
    JobDetailSerializer,
    JobSerializer,
    LanguageSerializer,
    LogTailSerializer,
    ModeSerializer,
    TimelineSerializer,
)
from jobs.api.submissions import JobChangesSerializer, NewBatchSerializer, NewJobSerializer
from jobs.models import Job
from jobs.orders import Order
from pipeline.engines.registry import target_languages
from pipeline.settings import PROFILES

TAIL_LIMIT = 500


class JobsView(generics.ListAPIView):
    scope = "jobs"
    serializer_class = JobSerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = JobFilter
    post_limit = Limit.SUBMISSION_BY_USER

    def get_queryset(self) -> QuerySet[Job]:
        return selectors.visible_jobs(self.request.user).prefetch_related("shards")

    @extend_schema(
        operation_id="jobs_create",
        parameters=[once.PARAMETER],
        request=NewJobSerializer,
        responses={201: JobSerializer},
    )
    def post(self, request: Request) -> Response:
        """Ask for a dub of an upload. It waits in the queue until a worker is free."""
        form = NewJobSerializer(data=request.data, context={"request": request})

        def check() -> Order:
            form.is_valid(raise_exception=True)
            return form.order()

        def create(order: Order) -> JobSerializer:
            [job] = dispatch.submit_batch(signed_in(request), [order])
            return JobSerializer(job)

        return once.created_once(request, check, create)


class BatchView(APIView):
    scope = "jobs"
    post_limit = Limit.SUBMISSION_BY_USER

    @extend_schema(
        operation_id="jobs_create_batch",
        parameters=[once.PARAMETER],
        request=NewBatchSerializer,
        responses={201: BatchSerializer},
    )
    def post(self, request: Request) -> Response:
        """Ask for dubs of several uploads in several languages: up to 50 jobs, all of them or none."""
        form = NewBatchSerializer(data=request.data, context={"request": request})

        def check() -> list[Order]:
            form.is_valid(raise_exception=True)
            return form.orders()

        def create(orders: list[Order]) -> BatchSerializer:
            return BatchSerializer({"jobs": dispatch.submit_batch(signed_in(request), orders)})

        return once.created_once(request, check, create)


class JobView(APIView):
    scope = "jobs"

    @extend_schema(operation_id="jobs_retrieve", responses=JobDetailSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        return Response(JobDetailSerializer(selectors.get_job(request.user, job_id)).data)

    @extend_schema(operation_id="jobs_delete", responses={204: None})
    def delete(self, request: Request, job_id: UUID) -> Response:
        """Remove it with its log and unfinished work; its dub stays. 409 while it is worked on or pinned."""
        dispatch.delete(selectors.get_job(request.user, job_id), by=signed_in(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="jobs_update", request=JobChangesSerializer, responses=JobSerializer)
    def patch(self, request: Request, job_id: UUID) -> Response:
        """File it elsewhere, pin it, or (administrators) change its priority. What is left out stays."""
        job = selectors.get_job(request.user, job_id)
        form = JobChangesSerializer(data=request.data, context={"request": request})
        form.is_valid(raise_exception=True)
        changed = filing.change(job.id, form.changes(), by=signed_in(request))
        return Response(JobSerializer(changed).data)


class TimelineView(APIView):
    scope = "jobs"

    @extend_schema(operation_id="jobs_timeline", responses=TimelineSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        """The stages with their state, progress, duration and last line."""
        job = selectors.get_job(request.user, job_id)
        stages = selectors.timeline(job, now=timezone.now())
        return Response(TimelineSerializer({"state": job.state, "last_seq": job.last_seq, "stages": stages}).data)


class LogTailView(APIView):
    scope = "jobs"

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
        tail = {"events": events, "last_seq": last_seq, "is_final": job.is_final and len(events) < TAIL_LIMIT}
        return Response(LogTailSerializer(tail).data)


class ModesView(APIView):
    scope = "jobs"

    @extend_schema(operation_id="modes", responses=ModeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What each mode trades."""
        return Response(ModeSerializer(PROFILES.values(), many=True).data)


class LanguagesView(APIView):
    scope = "jobs"

    @extend_schema(operation_id="languages", responses=LanguageSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Languages a dub can be made in here."""
        return Response(LanguageSerializer(target_languages(), many=True).data)
