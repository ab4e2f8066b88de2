"""Which of the jobs a list shows."""

from __future__ import annotations

from typing import ClassVar

import django_filters

from jobs.models import Job, JobState


class JobFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=JobState.choices)
    project = django_filters.UUIDFilter(field_name="project_id")
    series = django_filters.CharFilter(lookup_expr="iexact")

    class Meta:
        model = Job
        fields: ClassVar = ["state", "project", "series", "season", "pinned"]
