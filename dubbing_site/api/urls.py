"""The API's routes: each app brings its own."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerSplitView

from dubbing_site.api.description import Description

urlpatterns = [
    path("", include("accounts.api.urls")),
    path("", include("uploads.api.urls")),
    path("", include("jobs.api.urls")),
    path("", include("library.api.urls")),
    path("schema/", Description.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
]
