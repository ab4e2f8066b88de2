"""Our own protocol spoken word by word: chunks in any order, each with its checksum."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.uploading.answers import Answer, ask
from tests.uploading.tus import Tus

INIT = "/api/uploads/init"


def digest(content: bytes) -> dict[str, str]:
    value = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return {"Content-Digest": f"sha-256=:{value}:"}


@dataclass(frozen=True, slots=True)
class Chunks:
    """Somebody who uploads to `address` (host:port)."""

    address: str
    who: Mapping[str, str]

    @classmethod
    def of(cls, tus: Tus) -> Chunks:
        return cls(tus.address, tus.who)

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        return ask(self.address, method, path, {**self.who, **(headers or {})}, body)

    def init(self, **fields: Any) -> Answer:
        body = json.dumps(fields).encode()
        return self.ask("POST", INIT, {"Content-Type": "application/json"}, body)

    def begun(self, size_bytes: int, name: str = "noise.wav", **fields: Any) -> str:
        """The id of a new upload."""
        answer = self.init(name=name, total_bytes=size_bytes, **fields)
        assert answer.status == 201, str(answer)
        return str(answer.json["id"])

    def put(
        self, upload_id: str, offset: int | str, content: bytes, headers: Mapping[str, str] | None = None
    ) -> Answer:
        said = {"Content-Type": "application/octet-stream", **(digest(content) if headers is None else headers)}
        return self.ask("PUT", f"/api/uploads/{upload_id}/chunk?offset={offset}", said, content)

    def status(self, upload_id: str) -> Answer:
        return self.ask("GET", f"/api/uploads/{upload_id}")

    def complete(self, upload_id: str, sha256: str = "") -> Answer:
        body = json.dumps({"sha256": sha256} if sha256 else {}).encode()
        return self.ask("POST", f"/api/uploads/{upload_id}/complete", {"Content-Type": "application/json"}, body)

    def delete(self, upload_id: str) -> Answer:
        return self.ask("DELETE", f"/api/uploads/{upload_id}")
