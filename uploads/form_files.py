"""Files that come in a plain form: without a name until the view takes them, so that nothing of them ever stays."""

from __future__ import annotations

import tempfile
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from uploads.limits import has_room


class FormFileHandler(FileUploadHandler):
    """Only of people who are signed in: Django takes a form apart before any view is asked, to find its CSRF token.

    A file that there is no room for passes by; `begin` then says so in words to whoever wants to take it in. (Should
    there be room by then, the bytes are missing and it is refused for that.)
    """

    def handle_raw_input(
        self, input_data: IO[bytes], META: dict[str, str], content_length: int, *_about: Any, **_more: Any
    ) -> None:
        self._announced_bytes = content_length

    def new_file(self, *arguments: Any, **about: Any) -> None:
        super().new_file(*arguments, **about)
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            raise StopUpload(connection_reset=True)
        self._has_room = has_room(self._announced_bytes)
        spool = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - closed with the request
        self.file = UploadedFile(spool, self.file_name, self.content_type, 0, self.charset, self.content_type_extra)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self._has_room:
            self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        self.file.seek(0)
        self.file.size = file_size
        return self.file
