"""Which of the jobs a list shows."""

from __future__ import annotations

from typing import ClassVar

import django_filters

from jobs.models import Job, JobState
from library.api.filters import SERIES_NUMBER_MAX, WholeNumberFilter


class JobFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=JobState.choices)
    project = django_filters.UUIDFilter(field_name="project_id")
    series = django_filters.CharFilter(lookup_expr="iexact")
    season = WholeNumberFilter(min_value=0, max_value=SERIES_NUMBER_MAX)

    class Meta:
        model = Job
        fields: ClassVar = ["state", "project", "series", "season", "pinned"]
