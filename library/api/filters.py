"""Which of the dubs a list shows."""

from __future__ import annotations

from typing import ClassVar

import django_filters
from django import forms

from library.models import Dub

SERIES_NUMBER_MAX = 32_767  # what the column holds


class WholeNumberFilter(django_filters.Filter):
    """A season or an episode. A `NumberFilter` reads decimals, and `int(Decimal("1E-99999999"))` takes Python days."""

    field_class = forms.IntegerField


class DubFilter(django_filters.FilterSet):
    series = django_filters.CharFilter(lookup_expr="iexact")
    season = WholeNumberFilter(min_value=0, max_value=SERIES_NUMBER_MAX)
    episode = WholeNumberFilter(min_value=0, max_value=SERIES_NUMBER_MAX)

    class Meta:
        model = Dub
        fields: ClassVar = ["series", "season", "episode", "target_language"]
