"""Shows pages in the language that was chosen for the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from accounts.models import User
from accounts.preferences import preferences_of

V = TypeVar("V", bound=Callable[..., object])
NO_PAGES = ("/api/", "/files/", "/static/")


def for_anybody(view: V) -> V:
    """Marks what is the same for all who ask for a language, so that it is not found out who asks."""
    view.is_for_anybody = True  # type: ignore[attr-defined]
    return view


class PageLanguageMiddleware(MiddlewareMixin):
    """After AuthenticationMiddleware; for others LocaleMiddleware has chosen already."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path.startswith(NO_PAGES) or _is_for_anybody(request) or not isinstance(request.user, User):
            return
        if language := preferences_of(request.user).language:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()


def _is_for_anybody(request: HttpRequest) -> bool:
    try:
        return getattr(resolve(request.path_info).func, "is_for_anybody", False)
    except Resolver404:
        return False
