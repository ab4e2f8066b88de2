"""The page for a new dub on a phone, signed in, over a network as slow as a test wants it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, CDPSession, Locator, Page, expect

from tests.uploading.site import CSRF, Row, UploadSite
from tests.web.browser import PHONE, assert_fits, collect_errors

SIZE_BYTES = 20_000_000
CHUNK_BYTES = 8 * 1024**2
SLOW_BYTES_PER_S = 6_000_000
CRAWLING_BYTES_PER_S = 100_000
_SESSIONS: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()  # a second one would not undo what the first said


@contextmanager
def phone(
    browser: Browser,
    site: UploadSite,
    *,
    user: str = "alice",
    service_workers: Literal["allow", "block"] = "block",
    with_touch: bool = True,
) -> Iterator[Page]:
    """Signed in. Leaving it fails the test when the console showed an error on the way."""
    address = f"http://{site.address}"
    with browser.new_context(
        base_url=address, viewport=PHONE, has_touch=with_touch, is_mobile=with_touch, service_workers=service_workers
    ) as context:
        session = {"name": "sessionid", "value": site.template.sessions[user], "url": address}
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
    session = _SESSIONS.get(page) or page.context.new_cdp_session(page)
    _SESSIONS[page] = session
    session.send("Network.emulateNetworkConditions", conditions)


def send_half(page: Page, site: UploadSite, film: Path) -> None:
    """A chunk of it is kept; from then on it hardly moves."""
    slow_down(page)
    choose(page, film)
    wait_until_half(page, site, film)


def wait_until_half(page: Page, site: UploadSite, film: Path) -> None:
    site.wait(lambda: kept_bytes(site, film) >= CHUNK_BYTES, "a part of it is kept")
    slow_down(page, CRAWLING_BYTES_PER_S)


def rows_of(site: UploadSite, film: Path) -> list[Row]:
    return [row for row in site.rows().values() if row.name == film.name]


def kept_bytes(site: UploadSite, film: Path) -> int:
    """What the server has of an upload that is under way."""
    return max((row.received_bytes for row in rows_of(site, film) if row.state == "receiving"), default=0)


def only_upload(site: UploadSite, film: Path) -> str:
    [row] = rows_of(site, film)
    return row.id


def unfinished(page: Page, film: Path) -> Locator:
    return page.locator("[data-unfinished]").filter(has_text=film.name)


def assert_arrived(site: UploadSite, film: Path) -> None:
    stored = site.media / "uploads" / only_upload(site, film) / "source"
    assert stored.read_bytes() == film.read_bytes()
