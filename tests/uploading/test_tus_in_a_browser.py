"""tus-js-client, unmodified, in a real browser: over a closed tab and over a killed server too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.uploading.media import write_noise
from tests.uploading.reference import JAVASCRIPT
from tests.uploading.site import CSRF, Template, UploadSite, running_site
from tests.web.browser import running_browser

pytestmark = pytest.mark.browser
SIZE_BYTES = 6_000_000
LIBRARY = JAVASCRIPT / "node_modules" / "tus-js-client" / "dist" / "tus.min.js"
# Says its URL or its error in `outcome`, and how far it is in `sent`.
UPLOAD = """
([options, resume, token]) => {
  window.sent = 0;
  window.outcome = null;
  const upload = new tus.Upload(document.querySelector("input").files[0], {
    endpoint: "/files/",
    headers: { "X-CSRFToken": token },
    metadata: { filename: "film.wav" },
    retryDelays: Array(100).fill(200),
    onProgress: (sent) => { window.sent = sent; },
    onSuccess: () => { window.outcome = upload.url; },
    onError: (error) => { window.outcome = `failed: ${error}`; },
    ...options,
  });
  upload.findPreviousUploads().then((previous) => {
    window.remembered = previous.length;
    if (resume && previous.length) upload.resumeFromPreviousUpload(previous[0]);
    upload.start();
  });
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert LIBRARY.exists(), "run make setup-dev: tests/js is not installed"
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.wav"
    write_noise(path, SIZE_BYTES)
    return path


@contextmanager
def signed_in(browser: Browser, site: UploadSite) -> Iterator[BrowserContext]:
    """The library comes from the test, not from the site: that is what the site's policy is bypassed for."""
    address = f"http://{site.address}"
    with browser.new_context(base_url=address, bypass_csp=True) as context:
        session = {"name": "sessionid", "value": site.template.sessions["alice"], "url": address}
        context.add_cookies([session, {"name": "csrftoken", "value": CSRF, "url": address}])  # type: ignore[list-item]
        yield context


def page_with(context: BrowserContext, film: Path) -> Page:
    page = context.new_page()
    page.goto("/healthz")
    page.set_content("<input type=file>")
    page.add_script_tag(path=LIBRARY)
    page.set_input_files("input", film)
    return page


def begin(page: Page, *, resume: bool = False, **options: Any) -> None:
    page.evaluate(UPLOAD, [options, resume, CSRF])


def outcome(page: Page) -> str:
    return str(page.wait_for_function("window.outcome", timeout=60_000).json_value())


def assert_arrived(site: UploadSite, url: str, film: Path) -> None:
    assert "/files/" in url, url
    assert (site.media / "uploads" / url.rsplit("/", 1)[-1] / "source").read_bytes() == film.read_bytes()


@pytest.mark.parametrize(
    "options",
    [{}, {"chunkSize": 1_000_000}, {"parallelUploads": 3}, {"uploadDataDuringCreation": True}],
    ids=lambda options: ", ".join(options) or "as it comes",
)
def test_a_file_arrives_whole_with(
    browser: Browser, upload_site: UploadSite, film: Path, options: dict[str, Any]
) -> None:
    with signed_in(browser, upload_site) as context:
        page = page_with(context, film)
        begin(page, **options)

        assert_arrived(upload_site, outcome(page), film)


def test_an_upload_goes_on_in_another_tab(browser: Browser, upload_site: UploadSite, film: Path) -> None:
    with signed_in(browser, upload_site) as context:
        page = page_with(context, film)
        begin(page, chunkSize=250_000)
        page.wait_for_function("window.sent > 1000000")
        page.close()

        again = page_with(context, film)
        begin(again, resume=True)

        assert_arrived(upload_site, outcome(again), film)
        assert again.evaluate("window.remembered") == 1


def test_it_goes_on_by_itself_when_the_server_is_killed_and_comes_back(
    browser: Browser, upload_template: Template, film: Path, tmp_path: Path
) -> None:
    with running_site(tmp_path / "site", upload_template) as site, signed_in(browser, site) as context:
        page = page_with(context, film)
        begin(page, chunkSize=250_000)
        page.wait_for_function("window.sent > 1000000")
        site.kill()
        site.start()

        assert_arrived(site, outcome(page), film)
