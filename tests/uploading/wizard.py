"""The page for a new dub on a phone, signed in, over a network as slow as a test wants it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Locator, Page, expect

from tests.uploading.site import CSRF, UploadSite
from tests.web.browser import PHONE, assert_fits, collect_errors

SLOW_BYTES_PER_S = 3_000_000


@contextmanager
def phone(
    browser: Browser, site: UploadSite, *, service_workers: Literal["allow", "block"] = "block", with_touch: bool = True
) -> Iterator[Page]:
    """Signed in as alice. Leaving it fails the test when the console showed an error on the way."""
    address = f"http://{site.address}"
    with browser.new_context(
        base_url=address, viewport=PHONE, has_touch=with_touch, is_mobile=with_touch, service_workers=service_workers
    ) as context:
        session = {"name": "sessionid", "value": site.template.sessions["alice"], "url": address}
        context.add_cookies([session, {"name": "csrftoken", "value": CSRF, "url": address}])  # type: ignore[list-item]
        page = context.new_page()
        errors = collect_errors(page)
        yield page
    assert not errors, "\n".join(errors)


def choose(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)


def transfer(page: Page, state: str) -> Locator:
    """The file on its way, once it is in that state."""
    card = page.locator("[data-transfer]")
    expect(card).to_have_attribute("data-state", state, timeout=60_000)
    assert_fits(page)
    return card


def slow_down(page: Page, bytes_per_s: float = SLOW_BYTES_PER_S) -> None:
    """How fast the phone sends from now on; below 0: as fast as it can."""
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_s}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", conditions)


def kept_bytes(site: UploadSite) -> int:
    """What the server has of the upload that is under way."""
    return max((row.received_bytes for row in site.rows().values() if row.state == "receiving"), default=0)


def only_upload(site: UploadSite) -> str:
    [upload_id] = site.rows()
    return upload_id


def assert_arrived(site: UploadSite, file: Path) -> None:
    stored = site.media / "uploads" / only_upload(site) / "source"
    assert stored.read_bytes() == file.read_bytes()
