"""Requests that have passed `accounts.pages.page`, for views that need to know whose they are."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User


class SignedInRequest(HttpRequest):
    user: User
