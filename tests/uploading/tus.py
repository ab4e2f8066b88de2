"""tus 1.0 spoken word by word, to our server and to the reference alike: what it says is up to the test."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.uploading.answers import Answer, ask

VERSION = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


@dataclass(frozen=True, slots=True)
class Tus:
    """Somebody who uploads to `address` (host:port)."""

    address: str
    creation_path: str
    who: Mapping[str, str] = field(default_factory=dict)  # headers that say so

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """With exactly these headers, beside those that say who asks."""
        return ask(self.address, method, path, {**self.who, **headers}, body)

    def post(self, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        return self.ask("POST", self.creation_path, {**VERSION, **headers}, body)

    def create(self, length: int, headers: Mapping[str, str] | None = None) -> str:
        """The path of a new upload."""
        answer = self.post({"Upload-Length": str(length), **(headers or {})})
        assert answer.status == 201, str(answer)
        return path_of(answer)

    def patch(self, path: str, offset: int | str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        said = {**VERSION, **BYTES, "Upload-Offset": str(offset), **(headers or {})}
        return self.ask("PATCH", path, said, body)

    def head(self, path: str) -> Answer:
        return self.ask("HEAD", path, VERSION)

    def delete(self, path: str) -> Answer:
        return self.ask("DELETE", path, VERSION, b"")

    def options(self) -> Answer:
        return self.ask("OPTIONS", self.creation_path, {})

    def offset(self, path: str) -> int:
        answer = self.head(path)
        assert answer.status == 200, str(answer)
        return int(answer.header("Upload-Offset") or "")

    def uploaded(self, content: bytes, headers: Mapping[str, str] | None = None) -> str:
        """The path of an upload that is whole."""
        path = self.create(len(content), headers)
        answer = self.patch(path, 0, content)
        assert answer.status == 204, str(answer)
        return path


def path_of(answer: Answer) -> str:
    """Of the upload that an answer to a creation names."""
    location = answer.header("Location")
    assert location, str(answer)
    return urlsplit(location).path


def metadata(**values: str) -> dict[str, str]:
    pairs = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())
    return {"Upload-Metadata": ",".join(pairs)}


def checksum(algorithm: str, content: bytes) -> dict[str, str]:
    digest = hashlib.new(algorithm, content).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}
