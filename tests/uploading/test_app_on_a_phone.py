"""The site as an app in a real browser: installing it, sharing to it, and what it shows without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.uploading.media import write_noise
from tests.uploading.site import Template, UploadSite, running_site
from tests.uploading.wizard import assert_arrived, kept_bytes, only_upload, phone, slow_down, transfer
from tests.web.browser import assert_fits, running_browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZE_BYTES = 24_000_000
KEPT_ENOUGH_BYTES = 8_000_000
# What the system does when another app shares: it posts a form that no page of the site holds.
SHARE = """
() => {
  const form = Object.assign(document.createElement("form"), {
    method: "post", action: "/share/", enctype: "multipart/form-data",
  });
  const input = Object.assign(document.createElement("input"), { type: "file", name: "file", id: "shared" });
  form.append(input);
  document.body.append(form);
}
"""
WORKER_IS_AT_WORK = """
() => new Promise((resolve) => {
  const { serviceWorker } = navigator;
  if (serviceWorker.controller) resolve();
  else serviceWorker.addEventListener("controllerchange", () => resolve());
})
"""
KEPT_ADDRESSES = """
async () => {
  const kept = [];
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) kept.push(new URL(request.url).pathname);
  }
  return kept;
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "holiday.wav"
    write_noise(path, SIZE_BYTES)
    return path


@pytest.fixture
def site(upload_template: Template, tmp_path: Path) -> Iterator[UploadSite]:
    with running_site(tmp_path / "site", upload_template) as running:
        yield running


@pytest.fixture
def page(browser: Browser, site: UploadSite) -> Iterator[Page]:
    """Its service worker is at work."""
    with phone(browser, site, service_workers="allow") as opened:
        opened.goto("/")
        opened.evaluate(WORKER_IS_AT_WORK)
        yield opened


def share(page: Page, film: Path) -> None:
    page.evaluate(SHARE)
    page.locator("#shared").set_input_files(film)
    page.evaluate("document.querySelector('#shared').form.submit()")


def test_chromium_finds_nothing_that_stands_in_the_way_of_installing_it(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)

    manifest = devtools.send("Page.getAppManifest")
    reasons = devtools.send("Page.getInstallabilityErrors")

    assert manifest["errors"] == []
    assert [each["errorId"] for each in reasons["installabilityErrors"] if each["errorId"] != "in-incognito"] == []


def test_without_a_server_a_page_says_so_and_leads_back(page: Page, site: UploadSite) -> None:
    site.kill()
    page.goto("/projects/")
    expect(page.get_by_role("heading", name="The server cannot be reached")).to_be_visible()
    assert page.evaluate("document.fonts.check('16px Figtree')")
    assert_fits(page)
    site.start()

    page.get_by_role("link", name="Try again").click()

    expect(page.get_by_role("heading", name="Projects", exact=True)).to_be_visible()


def test_nothing_of_the_signed_in_user_is_kept_in_the_browser(page: Page) -> None:
    for address in ("/", "/new/", "/jobs/", "/presets/"):
        page.goto(address)

    kept = page.evaluate(KEPT_ADDRESSES)

    assert "/offline/" in kept
    assert [address for address in kept if not address.startswith("/static/")] == ["/offline/"]


def test_a_shared_file_is_sent_and_goes_on_after_a_reload(page: Page, site: UploadSite, film: Path) -> None:
    slow_down(page)
    share(page, film)
    page.wait_for_url("**/new/")
    transfer(page, "sending")
    expect(page.locator("[data-file-name]")).to_have_text(film.name)
    site.wait(lambda: kept_bytes(site) >= KEPT_ENOUGH_BYTES, "a part is kept")
    begun = only_upload(site)
    page.close(run_before_unload=False)
    again = page.context.new_page()
    again.goto("/new/")

    again.locator("[data-unfinished]").get_by_role("button", name="Go on").click()

    transfer(again, "done")
    assert only_upload(site) == begun
    assert_arrived(site, film)


def test_a_shared_file_is_taken_where_no_service_worker_is(browser: Browser, site: UploadSite, film: Path) -> None:
    with phone(browser, site) as page:
        page.goto("/")
        share(page, film)

        page.wait_for_url("**/new/?upload=*")

        expect(page.get_by_text("It is here and ready.")).to_be_visible()
        expect(page.locator("[data-file-name]")).to_have_text(film.name)
        assert_arrived(site, film)
