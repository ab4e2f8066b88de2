"""What makes the site an app on a phone: its manifest, its service worker, the page without a server."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from accounts.models import User

FOR_ANYBODY = ("/manifest.webmanifest", "/service-worker.js", "/offline/")
SHELL = "self.SHELL = "


def shell_of(client: Client) -> dict[str, object]:
    """What the service worker is told to keep."""
    first = client.get("/service-worker.js").content.decode().splitlines()[0]
    shell: dict[str, object] = json.loads(first.removeprefix(SHELL).removesuffix(";"))
    return shell


@pytest.mark.parametrize("address", FOR_ANYBODY)
def test_browsers_get_it_without_signing_in(client: Client, db: None, address: str) -> None:
    response = client.get(address)

    assert response.status_code == 200
    assert "Cookie" not in response.headers.get("Vary", "")
    assert not response.cookies


def test_the_manifest_says_what_installing_and_sharing_need(client: Client, db: None) -> None:
    manifest = client.get("/manifest.webmanifest").json()

    assert (manifest["name"], manifest["display"], manifest["scope"]) == ("Dubbing Pipeline", "standalone", "/")
    assert manifest["start_url"] == reverse("jobs:home")
    target = manifest["share_target"]
    assert (target["action"], target["method"]) == (reverse("jobs:share"), "POST")
    assert target["params"]["files"][0]["name"] == "file"
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}


def test_every_icon_has_the_size_it_says(client: Client, db: None) -> None:
    for icon in client.get("/manifest.webmanifest").json()["icons"]:
        path = finders.find(icon["src"].removeprefix(settings.STATIC_URL))
        assert isinstance(path, str)

        width, height = struct.unpack(">II", Path(path).read_bytes()[16:24])

        assert icon["sizes"] == f"{width}x{height}"


def test_every_page_leads_to_the_manifest(as_alice: Client) -> None:
    assert '<link rel="manifest" href="/manifest.webmanifest">' in as_alice.get("/").content.decode()


def test_the_service_worker_is_asked_for_anew_and_keeps_only_what_is_there(client: Client, db: None) -> None:
    response = client.get("/service-worker.js")

    assert response.headers["Content-Type"] == "text/javascript"
    assert response.headers["Cache-Control"] == "no-cache"
    assets = shell_of(client)["assets"]
    assert isinstance(assets, list)
    assert all(address.startswith(settings.STATIC_URL) for address in assets)
    assert all(client.get(address).status_code == 200 for address in assets)


def test_the_page_without_a_server_says_nothing_of_who_is_signed_in(as_alice: Client, alice: User) -> None:
    page = as_alice.get("/offline/").content.decode()

    assert "The server cannot be reached" in page
    assert alice.username not in page
    assert "Sign out" not in page
