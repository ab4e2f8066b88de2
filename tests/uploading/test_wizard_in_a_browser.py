"""The page for a new dub on a phone: sending survives what phones and servers do, and starting waits for it."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.uploading.media import write_noise
from tests.uploading.site import Template, UploadSite, running_site
from tests.uploading.wizard import (
    CHUNK_BYTES,
    SIZE_BYTES,
    assert_arrived,
    choose,
    kept_bytes,
    only_upload,
    phone,
    rows_of,
    send_half,
    slow_down,
    transfer,
    unfinished,
    wait_until_half,
)
from tests.web.browser import assert_fits, choose_language, running_browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def site(upload_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UploadSite]:
    with running_site(tmp_path_factory.mktemp("site"), upload_template) as running:
        yield running


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Each test's own, by its name."""
    path = tmp_path / f"Großmutter erzählt {uuid.uuid4()}.wav"
    write_noise(path, SIZE_BYTES)
    return path


@pytest.fixture
def page(browser: Browser, site: UploadSite) -> Iterator[Page]:
    with phone(browser, site) as opened:
        opened.goto("/new/")
        yield opened


def reopened(page: Page) -> Page:
    """The tab was closed, by its owner or by the phone."""
    page.close(run_before_unload=False)
    again = page.context.new_page()
    again.goto("/new/")
    return again


def choose_again(page: Page, film: Path, chosen: Path) -> None:
    with page.expect_file_chooser() as chooser:
        unfinished(page, film).get_by_role("button", name="Choose it again").click()
    chooser.value.set_files(chosen)


def start(page: Page) -> None:
    choose_language(page, "Spanish")
    page.get_by_role("button", name="Start dubbing").click()


def test_an_upload_survives_a_killed_server_and_a_reload_and_is_dubbed(
    page: Page, site: UploadSite, film: Path
) -> None:
    send_half(page, site, film)
    site.kill()
    expect(transfer(page, "lost")).to_contain_text("Connection lost, trying again in")
    site.start()
    page.reload()
    expect(page.get_by_role("heading", name="Unfinished uploads")).to_be_visible()
    expect(unfinished(page, film)).to_contain_text("is missing")
    assert kept_bytes(site, film) >= CHUNK_BYTES
    assert_fits(page)
    slow_down(page, -1)

    choose_again(page, film, film)

    expect(transfer(page, "done")).to_contain_text("It is here and ready.")
    start(page)
    page.wait_for_url("**/jobs/*/")
    expect(page.get_by_role("heading", name=film.name)).to_be_visible()
    assert_arrived(site, film)


def test_it_goes_on_by_itself_when_the_server_comes_back(page: Page, site: UploadSite, film: Path) -> None:
    send_half(page, site, film)
    site.kill()
    transfer(page, "lost")
    site.start()
    slow_down(page, -1)

    transfer(page, "done")

    assert_arrived(site, film)


def test_it_waits_for_the_network_while_the_phone_is_offline(page: Page, site: UploadSite, film: Path) -> None:
    page.context.set_offline(True)
    choose(page, film)
    expect(transfer(page, "lost")).to_contain_text("This device is offline.")

    page.context.set_offline(False)

    transfer(page, "done")
    assert_arrived(site, film)


@pytest.mark.parametrize("status", [401, 502])
def test_an_answer_of_somebody_in_between_begins_no_second_upload(
    page: Page, site: UploadSite, film: Path, status: int
) -> None:
    send_half(page, site, film)
    begun = only_upload(site, film)
    page.get_by_role("button", name="Pause").click()
    transfer(page, "paused")
    slow_down(page, -1)
    page.route("**/files/*", lambda route: route.fulfill(status=status), times=1)
    page.get_by_role("button", name="Go on").click()
    transfer(page, "refused" if status == 401 else "lost")

    page.get_by_role("button", name=re.compile("Try")).click()

    transfer(page, "done")
    assert only_upload(site, film) == begun


def test_what_the_server_gave_up_is_sent_again_when_somebody_says_so(page: Page, site: UploadSite, film: Path) -> None:
    send_half(page, site, film)
    page.get_by_role("button", name="Pause").click()
    transfer(page, "paused")
    site.expire(only_upload(site, film))
    page.get_by_role("button", name="Go on").click()
    expect(transfer(page, "refused")).to_contain_text("Try again sends all of the file.")
    slow_down(page, -1)

    page.get_by_role("button", name="Try again").click()

    transfer(page, "done")


def test_start_is_pressed_early_and_waits_for_the_file(page: Page, site: UploadSite, film: Path) -> None:
    slow_down(page)
    choose(page, film)
    start(page)
    expect(page.get_by_text("It starts by itself when the file is here")).to_be_visible()
    assert_fits(page)
    slow_down(page, -1)

    page.wait_for_url("**/jobs/*/", timeout=60_000)

    assert_arrived(site, film)


def test_what_is_wrong_with_the_settings_is_said_before_the_file_is_there(
    page: Page, site: UploadSite, film: Path
) -> None:
    slow_down(page)
    choose(page, film)
    transfer(page, "sending")

    page.get_by_role("button", name="Start dubbing").click()

    expect(page.locator('[data-field="target_language"]')).to_contain_text("Choose the language to dub into.")
    expect(page.get_by_text("It starts by itself")).to_be_hidden()


def test_it_is_paused_and_goes_on_where_it_stopped(page: Page, site: UploadSite, film: Path) -> None:
    send_half(page, site, film)
    page.get_by_role("button", name="Pause").click()
    card = transfer(page, "paused")
    expect(card).to_contain_text(re.compile(r"Paused\. .* of 19\.1 MB is safe on the server\."))
    slow_down(page, -1)

    page.get_by_role("button", name="Go on").click()

    transfer(page, "done")
    assert_arrived(site, film)


def test_a_canceled_upload_leaves_nothing_on_the_server(page: Page, site: UploadSite, film: Path) -> None:
    send_half(page, site, film)
    begun = only_upload(site, film)
    page.get_by_role("button", name="Cancel the upload").click()
    dialog = page.get_by_role("dialog", name="Discard this upload?")
    dialog.get_by_role("button", name="Keep it").click()
    transfer(page, "sending")

    page.get_by_role("button", name="Cancel the upload").click()
    dialog.get_by_role("button", name="Discard it").click()

    expect(page.get_by_text("Choose a video or a recording")).to_be_visible()
    site.wait(lambda: not rows_of(site, film), "the upload is gone")
    assert not (site.media / "incoming" / begun).exists()


def test_another_file_is_not_taken_for_the_rest(page: Page, site: UploadSite, film: Path, tmp_path: Path) -> None:
    send_half(page, site, film)
    page.close(run_before_unload=False)
    other, changed = tmp_path / "other.wav", tmp_path / film.name
    write_noise(other, 1_000_000, seed=2)
    write_noise(changed, SIZE_BYTES, seed=2)
    os.utime(changed, (1, 1))
    again = page.context.new_page()
    again.goto("/new/")

    choose_again(again, film, other)
    expect(again.locator('[data-field="file"]')).to_contain_text("other.wav is another file.")
    choose_again(again, film, changed)
    expect(again.locator('[data-field="file"]')).to_contain_text("was changed since its upload began")

    assert kept_bytes(site, film) >= CHUNK_BYTES


def test_the_same_file_chosen_as_new_goes_on_where_it_stopped(page: Page, site: UploadSite, film: Path) -> None:
    send_half(page, site, film)
    begun = only_upload(site, film)
    again = reopened(page)

    choose(again, film)

    expect(again.get_by_text("goes on where it stopped")).to_be_visible()
    transfer(again, "done")
    assert only_upload(site, film) == begun


def test_an_unfinished_upload_is_discarded_after_a_question(page: Page, site: UploadSite, film: Path) -> None:
    send_half(page, site, film)
    again = reopened(page)
    again.get_by_role("button", name=f"Discard {film.name}").click()

    again.get_by_role("dialog", name="Discard this upload?").get_by_role("button", name="Discard it").click()

    expect(unfinished(again, film)).to_be_hidden()
    site.wait(lambda: not rows_of(site, film), "the upload is gone")


def test_what_is_no_media_is_refused_with_the_reason(page: Page, site: UploadSite, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear Bob,\n" * 50)

    choose(page, letter)

    expect(transfer(page, "refused")).to_contain_text("letter.mp4")
    expect(page.get_by_text("letter.mp4 was not taken.")).to_be_visible()
    page.get_by_role("button", name="Choose another").click()
    expect(page.get_by_text("Choose a video or a recording")).to_be_visible()
    assert not rows_of(site, letter)


def test_a_file_that_is_here_already_is_dubbed_without_sending_it_again(
    page: Page, site: UploadSite, film: Path
) -> None:
    choose(page, film)
    transfer(page, "done")
    page.reload()
    page.get_by_text("Files already here").click()
    assert_fits(page)

    page.locator("[data-list] li").filter(has_text=film.name).get_by_role("link", name="Use it").click()

    expect(page.get_by_text("It is here and ready.")).to_be_visible()
    start(page)
    page.wait_for_url("**/jobs/*/")
    assert_arrived(site, film)


# A file of the page's own file system stands for one of the desk's: tests cannot work the system's picker.
PICKER = """
window.showOpenFilePicker = async () => {
  const folder = await navigator.storage.getDirectory();
  return [await folder.getFileHandle("talk.wav")];
};
"""
WRITE = """
async (size) => {
  const folder = await navigator.storage.getDirectory();
  const handle = await folder.getFileHandle("talk.wav", { create: true });
  const stream = await handle.createWritable();
  await stream.write(new Uint8Array(size));
  await stream.close();
}
"""


def test_where_the_browser_kept_the_file_it_goes_on_at_once(browser: Browser, site: UploadSite) -> None:
    talk = Path("talk.wav")
    with phone(browser, site, with_touch=False) as page:
        page.context.add_init_script(PICKER)
        page.goto("/new/")
        page.evaluate(WRITE, SIZE_BYTES)
        slow_down(page)
        page.locator("[data-drop]").click()
        wait_until_half(page, site, talk)
        again = reopened(page)

        unfinished(again, talk).get_by_role("button", name="Go on").click()

        expect(transfer(again, "refused")).to_contain_text("talk.wav")  # all of it came, and zeros are no film
