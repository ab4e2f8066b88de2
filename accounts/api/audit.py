"""The audit trail over the API, for administrators: what a program that watches over several servers reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

import django_filters
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import generics, serializers

from accounts.api.pagination import NewestFirst
from accounts.audit import trail
from accounts.audit.actions import Action, Outcome
from accounts.models import AuditEntry
from accounts.scopes import Scope

# The database's own zone has no moment near the ends of the calendar.
SENSIBLE = [MinValueValidator(datetime(1900, 1, 1, tzinfo=UTC)), MaxValueValidator(datetime(9000, 1, 1, tzinfo=UTC))]


class AuditEntrySerializer(serializers.ModelSerializer):
    class Meta:
        model = AuditEntry
        fields: ClassVar = [
            "id",
            "at",
            "action",
            "outcome",
            "actor_id",
            "actor_name",
            "key_id",
            "object_type",
            "object_id",
            "address",
            "user_agent",
            "request_id",
            "details",
        ]
        read_only_fields: ClassVar = fields


class MomentFilter(django_filters.IsoDateTimeFilter):
    """In UTC: PostgreSQL knows no zone that is 23:59 ahead."""

    def filter(self, entries: QuerySet[AuditEntry], at: datetime | None) -> QuerySet[AuditEntry]:
        found: QuerySet[AuditEntry] = super().filter(entries, at and at.astimezone(UTC))
        return found


class AuditFilter(django_filters.FilterSet):
    action = django_filters.MultipleChoiceFilter(choices=Action.choices)
    outcome = django_filters.ChoiceFilter(choices=Outcome.choices)
    actor = django_filters.UUIDFilter(field_name="actor_id")
    object = django_filters.CharFilter(field_name="object_id")
    address = django_filters.CharFilter()
    since = MomentFilter(field_name="at", lookup_expr="gte", validators=SENSIBLE)
    until = MomentFilter(field_name="at", lookup_expr="lt", validators=SENSIBLE)

    class Meta:
        model = AuditEntry
        fields: ClassVar = ["action", "outcome", "actor", "object", "address", "since", "until"]


class NewestEntriesFirst(NewestFirst):
    ordering = "-id"
    page_size = 100
    max_page_size = 1000


class AuditView(generics.ListAPIView):
    """Who did what, newest first. Following `next` to its end, nothing is missed and nothing comes twice."""

    scope = Scope.ADMIN
    serializer_class = AuditEntrySerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = AuditFilter
    pagination_class = NewestEntriesFirst

    def get_queryset(self) -> QuerySet[AuditEntry]:
        return trail.entries()
