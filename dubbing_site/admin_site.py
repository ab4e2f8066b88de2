"""The administration's door: staff who have shown their second factor in this session."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_otp.admin import OTPAdminSite

from accounts.models import User
from accounts.second_factor.asking import lead_to_factor
from accounts.signed_in import SignedInRequest

OWN_APPS = ("dubbing_site", "jobs", "library", "uploads", "accounts")


class SecondFactorAdminSite(OTPAdminSite):
    """Signing in is the site's own, with its limits and its audit: the administration has no second form for it."""

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)

    def register(self, model_or_iterable: Any, admin_class: type[ModelAdmin] | None = None, **options: Any) -> None:
        """Not what libraries bring along: it would show secrets, and change things past the audit trail."""
        if admin_class is not None and admin_class.__module__.partition(".")[0] in OWN_APPS:
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        if settings.REQUIRE_ADMIN_MFA:
            return bool(super().has_permission(request))
        return AdminSite.has_permission(self, request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Leads on to what is missing: signing in, enrolling a second factor, or showing it."""
        target = _target(request)
        if not isinstance(request.user, User):
            return redirect_to_login(target, resolve_url(settings.LOGIN_URL))
        if not AdminSite.has_permission(self, request):
            raise PermissionDenied
        if self.has_permission(request):
            return redirect(target)
        return lead_to_factor(cast(SignedInRequest, request), target)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The site's own, too."""
        return redirect("account_change_password")


def _target(request: HttpRequest) -> str:
    asked = request.GET.get(REDIRECT_FIELD_NAME, "")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if is_ours else reverse("admin:index")
