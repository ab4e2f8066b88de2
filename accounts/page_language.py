"""Shows pages in the language that was chosen for the account."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from accounts.models import User
from accounts.preferences import preferences_of

NO_PAGES = ("/api/", "/files/", "/static/")
FOR_ANYBODY = ("/manifest.webmanifest", "/service-worker.js", "/offline/")  # the same for all who ask for a language


class PageLanguageMiddleware(MiddlewareMixin):
    """After AuthenticationMiddleware; for others LocaleMiddleware has chosen already."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path.startswith(NO_PAGES + FOR_ANYBODY) or not isinstance(request.user, User):
            return
        if language := preferences_of(request.user).language:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
