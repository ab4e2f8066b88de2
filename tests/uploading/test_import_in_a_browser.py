"""A file of the server's own folders, taken over and dubbed from a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.uploading.media import write_noise
from tests.uploading.site import Template, UploadSite, running_site
from tests.uploading.wizard import SIZE_BYTES, assert_arrived, phone, rows_of, transfer, unfinished
from tests.web.browser import assert_fits, choose_language, running_browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("disk") / "films"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def site(upload_template: Template, films: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UploadSite]:
    folder = tmp_path_factory.mktemp("site")
    with running_site(folder, upload_template, IMPORT_FOLDERS=str(films)) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser, site: UploadSite) -> Iterator[Page]:
    with phone(browser, site) as opened:
        opened.goto("/new/")
        yield opened


def choose(page: Page, film: Path) -> None:
    page.get_by_role("link", name="Or take one from a folder on the server").click()
    page.get_by_role("link", name="films").click()
    page.get_by_label("Search in this folder").fill(film.stem)
    page.get_by_role("button", name="Search").click()
    assert_fits(page)
    page.get_by_role("button", name=f"Use {film.name}").click()


def test_a_file_of_the_server_is_taken_over_and_dubbed(page: Page, site: UploadSite, films: Path) -> None:
    film = films / "beach.wav"
    write_noise(film, SIZE_BYTES)

    choose(page, film)

    expect(transfer(page, "done")).to_contain_text("beach.wav")
    choose_language(page, "Spanish")
    page.get_by_role("button", name="Start dubbing").click()
    page.wait_for_url("**/jobs/*/")
    assert_arrived(site, film)


def test_taking_over_is_interrupted_and_goes_on_or_is_discarded(page: Page, site: UploadSite, films: Path) -> None:
    film = films / "mountains.wav"
    write_noise(film, SIZE_BYTES)

    def lose(route: Route) -> None:
        route.abort("connectionreset")

    page.route(re.compile("/pull$"), lose)
    choose(page, film)
    transfer(page, "lost")
    page.unroute(re.compile("/pull$"), lose)
    page.goto("/new/")

    unfinished(page, film).get_by_role("button", name="Go on").click()

    transfer(page, "done")
    page.locator("[data-transfer]").get_by_role("button", name="Discard it").click()
    page.get_by_role("dialog", name="Discard this upload?").get_by_role("button", name="Discard it").click()
    site.wait(lambda: not rows_of(site, film), "the upload is gone")
    assert film.exists()
