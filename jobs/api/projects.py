"""Projects over the API."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import signed_in
from jobs import presets, projects
from jobs.api.submissions import NO_PRESET, Own
from jobs.models import Project


class ProjectSerializer(serializers.ModelSerializer):
    preset = Own(presets.visible_presets, NO_PRESET, required=False, allow_null=True)

    class Meta:
        model = Project
        fields: ClassVar = ["id", "name", "series", "preset", "created_at"]
        read_only_fields: ClassVar = ["id", "created_at"]


class ProjectsView(generics.ListAPIView):
    scope = "jobs"
    serializer_class = ProjectSerializer

    def get_queryset(self) -> QuerySet[Project]:
        return projects.visible_projects(self.request.user)

    @extend_schema(operation_id="projects_create", request=ProjectSerializer, responses={201: ProjectSerializer})
    def post(self, request: Request) -> Response:
        """Dubs that belong together; they take over its series and its preset's settings where they name none."""
        form = ProjectSerializer(data=request.data, context={"request": request})
        form.is_valid(raise_exception=True)
        project = projects.save_project(Project(owner=signed_in(request), **form.validated_data))
        return Response(ProjectSerializer(project).data, status=status.HTTP_201_CREATED)


class ProjectView(APIView):
    scope = "jobs"

    @extend_schema(operation_id="projects_retrieve", responses=ProjectSerializer)
    def get(self, request: Request, project_id: UUID) -> Response:
        return Response(ProjectSerializer(projects.get_project(request.user, project_id)).data)

    @extend_schema(operation_id="projects_update", request=ProjectSerializer(partial=True), responses=ProjectSerializer)
    def patch(self, request: Request, project_id: UUID) -> Response:
        """Change what is given."""
        project = projects.get_project(request.user, project_id)
        form = ProjectSerializer(data=request.data, partial=True, context={"request": request})
        form.is_valid(raise_exception=True)
        for name, value in form.validated_data.items():
            setattr(project, name, value)
        return Response(ProjectSerializer(projects.save_project(project)).data)

    @extend_schema(operation_id="projects_delete", responses={204: None})
    def delete(self, request: Request, project_id: UUID) -> Response:
        """Its jobs stay, in no project."""
        projects.get_project(request.user, project_id).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
