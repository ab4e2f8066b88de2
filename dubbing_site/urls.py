"""All routes. Pages are each app's `page_urls`, the API its `api.urls`, sockets its `sockets`."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from accounts.views.recovery_codes import download_recovery_codes, view_recovery_codes
from dubbing_site import pwa
from dubbing_site.health import healthz, readyz

urlpatterns = [
    path("", include("library.page_urls")),
    path("", include("jobs.page_urls")),
    path("", include("accounts.page_urls")),
    # Before allauth's own at the same addresses.
    path("accounts/2fa/recovery-codes/", view_recovery_codes, name="mfa_view_recovery_codes"),
    path("accounts/2fa/recovery-codes/download/", download_recovery_codes, name="mfa_download_recovery_codes"),
    path("accounts/", include("allauth.urls")),
    path("api/", include(("dubbing_site.api.urls", "api"))),
    path("files/", include("uploads.tus_urls")),
    path("admin/", admin.site.urls),
    path("manifest.webmanifest", pwa.manifest, name="manifest"),
    path("service-worker.js", pwa.service_worker, name="service_worker"),
    path("offline/", pwa.offline, name="offline"),
    path("healthz", healthz),
    path("readyz", readyz),
]
