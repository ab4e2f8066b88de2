"""The site as an app in a real browser: installing it, sharing to it, and what it shows without a server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.uploading.media import write_noise
from tests.uploading.site import Template, UploadSite, running_site
from tests.uploading.wizard import (
    SIZE_BYTES,
    assert_arrived,
    only_upload,
    phone,
    rows_of,
    slow_down,
    transfer,
    unfinished,
    wait_until_half,
)
from tests.web.browser import assert_fits, running_browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]
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
DATABASES = "async () => (await indexedDB.databases()).map(({ name }) => name)"
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


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Each test's own, by its name."""
    path = tmp_path / f"holiday {uuid.uuid4()}.wav"
    write_noise(path, SIZE_BYTES)
    return path


@pytest.fixture(scope="module")
def site(upload_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UploadSite]:
    with running_site(tmp_path_factory.mktemp("site"), upload_template) as running:
        yield running


@pytest.fixture
def page(browser: Browser, site: UploadSite) -> Iterator[Page]:
    """Its service worker is at work."""
    with phone(browser, site, service_workers="allow") as opened:
        wait_for_worker(opened)
        yield opened


def wait_for_worker(page: Page) -> None:
    page.goto("/")
    page.evaluate(WORKER_IS_AT_WORK)


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
    expect(transfer(page, "new")).to_contain_text(film.name)
    page.get_by_role("button", name="Upload it").click()
    wait_until_half(page, site, film)
    begun = only_upload(site, film)
    page.close(run_before_unload=False)
    again = page.context.new_page()
    again.goto("/new/")

    unfinished(again, film).get_by_role("button", name="Go on").click()

    transfer(again, "done")
    assert only_upload(site, film) == begun
    assert_arrived(site, film)


def test_nothing_is_sent_of_a_shared_file_that_nobody_wants(page: Page, site: UploadSite, film: Path) -> None:
    share(page, film)
    transfer(page, "new")

    page.get_by_role("button", name="No", exact=True).click()

    expect(page.get_by_text("Choose a video or a recording")).to_be_visible()
    assert not rows_of(site, film)


def test_signing_out_leaves_no_file_in_the_browser(browser: Browser, site: UploadSite, film: Path) -> None:
    with phone(browser, site, user="bob", service_workers="allow") as page:
        wait_for_worker(page)
        share(page, film)
        transfer(page, "new")
        assert page.evaluate(DATABASES) == ["dubbing-pipeline"]
        page.locator("[data-menu] summary").click()

        page.get_by_role("button", name="Sign out").click()

        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert page.evaluate(DATABASES) == []


def test_a_shared_file_is_taken_where_no_service_worker_is(browser: Browser, site: UploadSite, film: Path) -> None:
    with phone(browser, site) as page:
        page.goto("/")
        share(page, film)

        page.wait_for_url("**/new/?upload=*")

        expect(page.get_by_text("It is here and ready.")).to_be_visible()
        expect(page.locator("[data-file-name]")).to_have_text(film.name)
        assert_arrived(site, film)
