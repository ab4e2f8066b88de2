"""tus-js-client in Node.js, unmodified: `tests/js/upload.mjs` hands it an order and says what it did."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.uploading.reference import JAVASCRIPT, node
from tests.uploading.tus import Tus

WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Order:
    """What the client is to upload and how; `options` are tus-js-client's own."""

    file: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    storage: Path | None = None  # remembers unfinished uploads over runs
    resume: bool = False
    abort_at_bytes: int | None = None
    terminate: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """`error` is None when the upload is whole, "stopped" when it was asked to stop."""

    url: str | None
    error: str | None
    requests: tuple[tuple[str, int], ...]
    resumed_at_bytes: int | None

    @property
    def upload_id(self) -> str:
        assert self.url, self
        return urlsplit(self.url).path.rsplit("/", 1)[-1]

    @property
    def methods(self) -> list[str]:
        return [method for method, _status in self.requests]


def started(order: Order, tus: Tus) -> subprocess.Popen[str]:
    """The client at work; ask `told` what it did."""
    fields = {
        "endpoint": f"http://{tus.address}{tus.creation_path}",
        "headers": dict(tus.who),
        "file": str(order.file),
        "options": dict(order.options),
        "metadata": dict(order.metadata),
        "storage": str(order.storage) if order.storage else None,
        "resume": order.resume,
        "abort_at_bytes": order.abort_at_bytes,
        "terminate": order.terminate,
    }
    command = [node(), str(JAVASCRIPT / "upload.mjs"), json.dumps(fields)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)


def told(process: subprocess.Popen[str]) -> Done:
    output, _errors = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0, output
    fields = json.loads(output.splitlines()[-1])
    requests = tuple((method, status) for method, status in fields["requests"])
    return Done(fields["url"], fields["error"], requests, fields["resumed_at_bytes"])


def upload(order: Order, tus: Tus) -> Done:
    return told(started(order, tus))
