"""What can be done with a job, each through `jobs.dispatch`."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import signed_in
from jobs import dispatch, selectors
from jobs.api.serializers import JobSerializer
from pipeline.progress import StageName


class RetrySerializer(serializers.Serializer):
    from_stage = serializers.ChoiceField(
        [stage.value for stage in StageName],
        required=False,
        allow_null=True,
        help_text="Do this stage and those after it again; left out, only what is undone.",
    )


class CancelView(APIView):
    scope = "jobs"

    @extend_schema(operation_id="jobs_cancel", request=None, responses=JobSerializer)
    def post(self, request: Request, job_id: UUID) -> Response:
        """A waiting job ends at once; a running one within two seconds. 409 when it has ended already."""
        job = dispatch.cancel(selectors.get_job(request.user, job_id), by=signed_in(request))
        return Response(JobSerializer(job).data)


class PauseView(APIView):
    scope = "jobs"

    @extend_schema(operation_id="jobs_pause", request=None, responses=JobSerializer)
    def post(self, request: Request, job_id: UUID) -> Response:
        """Stop work on it; what is done is kept. 409 when it has ended."""
        job = dispatch.pause(selectors.get_job(request.user, job_id), by=signed_in(request))
        return Response(JobSerializer(job).data)


class ResumeView(APIView):
    scope = "jobs"

    @extend_schema(operation_id="jobs_resume", request=None, responses=JobSerializer)
    def post(self, request: Request, job_id: UUID) -> Response:
        """Let a paused job go on where it stopped. 409 when it has ended."""
        job = dispatch.resume(selectors.get_job(request.user, job_id), by=signed_in(request))
        return Response(JobSerializer(job).data)


class RetryView(APIView):
    scope = "jobs"

    @extend_schema(operation_id="jobs_retry", request=RetrySerializer, responses=JobSerializer)
    def post(self, request: Request, job_id: UUID) -> Response:
        """Work again on a job that has ended, done ones included; the new dub takes the place of the old one."""
        form = RetrySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        stage = form.validated_data.get("from_stage")
        job = selectors.get_job(request.user, job_id)
        job = dispatch.retry(job, by=signed_in(request), from_stage=StageName(stage) if stage else None)
        return Response(JobSerializer(job).data)
