"""Which of the dubs a list shows."""

from __future__ import annotations

from typing import ClassVar

import django_filters

from library.models import Dub


class DubFilter(django_filters.FilterSet):
    series = django_filters.CharFilter(lookup_expr="iexact")

    class Meta:
        model = Dub
        fields: ClassVar = ["series", "season", "episode", "target_language"]
