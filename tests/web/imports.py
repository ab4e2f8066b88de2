"""What tests of imports ask of the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.test import Client

from uploads.models import Upload


def listed(client: Client, folder: str = "", page: int = 1) -> dict[str, Any]:
    answer = client.get("/api/imports", {"folder": folder, "page": str(page)})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def names(client: Client, folder: str) -> list[str]:
    return [entry["name"] for entry in listed(client, folder)["results"]]


def begin(client: Client, path: str) -> Any:
    return client.post("/api/uploads/import", {"path": path}, content_type="application/json")


def pull(client: Client, upload_id: str) -> Any:
    return client.post(f"/api/uploads/{upload_id}/pull")


def assert_refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"


def assert_nothing_left(data_dir: Path) -> None:
    assert not Upload.objects.exists()
    assert [path for path in (data_dir / "media").rglob("*") if path.is_file()] == []
