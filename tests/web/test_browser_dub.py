"""The whole of it as its owner meets it: set up, sign in, upload, watch it work, play and keep the result."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from tests.demo_video import make_video
from tests.web.browser import (
    PASSWORD,
    USERNAME,
    Site,
    assert_fits,
    phone,
    running_browser,
    running_site,
    sign_in,
    start_dub,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DUB_TIMEOUT_MS = 180_000
WATCH_PROGRESS = """
window.seen = [];
new MutationObserver(() => {
  const percent = document.querySelector("[data-overall-percent]")?.textContent;
  if (percent && window.seen.at(-1) !== percent) window.seen.push(percent);
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def owner(site: Site, chromium: Browser) -> str:
    """The first administrator, made through the link in the terminal."""
    with phone(chromium, site) as page:
        page.goto(site.setup_link)
        assert_fits(page)
        page.get_by_label("User name").fill(USERNAME)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("The password again").fill(PASSWORD)
        page.get_by_role("button", name="Create the account").click()
        expect(page.get_by_role("heading", name="Nothing dubbed yet")).to_be_visible()
        expect(page.get_by_text("Your account is ready.")).to_be_visible()
        assert page.request.get(site.setup_link).status == 410
    return USERNAME


@pytest.fixture
def visitor(site: Site, chromium: Browser, owner: str) -> Iterator[Page]:
    """A phone that is signed in."""
    with phone(chromium, site) as signed_in:
        sign_in(signed_in)
        yield signed_in


def state_of(visitor: Page) -> str | None:
    return page.locator("#job-summary").get_attribute("data-state")


def expect_done(visitor: Page) -> None:
    expect(page.locator("#job-summary")).to_have_attribute("data-state", "done", timeout=DUB_TIMEOUT_MS)


def test_a_video_is_uploaded_watched_at_work_played_and_kept(visitor: Page, spoken_clip: Path) -> None:
    page.add_init_script(WATCH_PROGRESS)
    page.get_by_role("link", name="New dub").click()
    page.locator("input[type=file]").set_input_files(spoken_clip)
    expect(page.locator("[data-file-name]")).to_have_text(spoken_clip.name)
    expect(page.locator("[data-file-facts]")).to_contain_text("0:06")
    assert_fits(page)
    start_dub(page, spoken_clip)
    assert_fits(page)

    expect(page.locator('[data-stage="extract"]')).to_have_attribute("data-state", "done", timeout=DUB_TIMEOUT_MS)
    expect_done(page)

    seen = page.evaluate("window.seen")
    assert len(seen) >= 3, f"the progress of the whole hardly moved: {seen}"
    expect(page.locator('[data-stage][data-state="done"]')).to_have_count(6)
    page.get_by_text("Log", exact=True).click()
    expect(page.locator(".log-line").first).to_be_visible()
    page.get_by_role("link", name="Watch it").click()
    expect(page.get_by_role("heading", name=spoken_clip.name)).to_be_visible()
    assert_fits(page)
    play_a_second(page)
    assert page.evaluate("document.querySelector('video').textTracks.length") == 2
    address = page.locator("video source").get_attribute("src")
    part = page.request.get(str(address), headers={"Range": "bytes=4-7"})
    assert (part.status, part.body()) == (206, b"ftyp")
    with page.expect_download() as download:
        page.get_by_role("link", name="Video, MP4").click()
    assert download.value.suggested_filename == "spoken.es.mp4"
    assert download.value.path().read_bytes()[4:8] == b"ftyp"
    page.goto("/")
    expect(page.get_by_role("link", name=spoken_clip.name).first).to_be_visible()
    assert_fits(page)


def play_a_second(visitor: Page) -> None:
    page.evaluate("document.querySelector('video').play()")
    page.wait_for_function("document.querySelector('video').currentTime > 1")


def test_a_lost_connection_comes_back_without_gap_or_repeat(visitor: Page, spoken_clip: Path) -> None:
    addresses: list[str] = []
    seqs: list[int] = []

    def lose_the_first(socket: WebSocketRoute) -> None:
        addresses.append(socket.url)
        server = socket.connect_to_server()
        is_first = len(addresses) == 1

        def pass_on(message: str | bytes) -> None:
            seqs.append(json.loads(message)["seq"])
            socket.send(message)
            if is_first and len(seqs) == 3:
                server.close()
                socket.close(code=1012)

        server.on_message(pass_on)

    page.route_web_socket(re.compile(r"/ws/jobs/"), lose_the_first)
    start_dub(page, spoken_clip)

    expect_done(page)

    assert len(addresses) >= 2
    after = int(addresses[1].rpartition("=")[2])
    assert after >= 1
    assert after == seqs[2]
    times = page.locator(".log-line span").all_text_contents()
    assert len(times) == len(set(times)), f"a log line was shown twice: {times}"


def test_progress_is_asked_for_where_no_socket_gets_through(visitor: Page, spoken_clip: Path) -> None:
    page.route_web_socket(re.compile(r"/ws/jobs/"), lambda socket: socket.close(code=1011))
    start_dub(page, spoken_clip)

    expect_done(page)

    expect(page.locator('[data-stage][data-state="done"]')).to_have_count(6)
    expect(page.get_by_role("link", name="Watch it")).to_be_visible()


def test_a_running_dub_is_canceled_after_a_question(visitor: Page, tmp_path: Path) -> None:
    start_dub(page, make_video(tmp_path / "museum.mp4", size="320x180"))
    page.get_by_role("button", name="Cancel this dub").click()
    dialog = page.get_by_role("dialog", name="Cancel this dub?")
    dialog.get_by_role("button", name="Keep going").click()
    expect(dialog).to_be_hidden()
    assert state_of(page) in {"queued", "running"}

    page.get_by_role("button", name="Cancel this dub").click()
    dialog.get_by_role("button", name="Cancel the dub").click()

    expect(page.locator("#job-summary")).to_have_attribute("data-state", "canceled")
    expect(page.get_by_text("You stopped this dub.")).to_be_visible()
    assert_fits(page)


def test_what_is_wrong_with_a_file_is_said_beside_it(visitor: Page, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear Bob,\n" * 50)
    page.goto("/new/")
    page.get_by_role("button", name="Start dubbing").click()
    expect(page.locator('[data-field="file"]')).to_contain_text("Choose a file first.")
    page.locator("input[type=file]").set_input_files(letter)
    page.get_by_role("button", name="Start dubbing").click()
    expect(page.locator('[data-field="target_language"]')).to_contain_text("Choose the language to dub into.")
    choose_spanish_again(page)

    page.get_by_role("button", name="Start dubbing").click()

    expect(page.locator('[data-field="file"]')).to_contain_text("letter.mp4 is not")
    assert_fits(page)


def choose_spanish_again(visitor: Page) -> None:
    """With the arrow keys, as somebody without a mouse does."""
    page.get_by_role("button", name="Dub into").press("Enter")
    search = page.get_by_role("combobox", name="Search languages")
    search.fill("SPAÑI")
    search.press("ArrowUp")
    search.press("Enter")
    expect(page.get_by_role("button", name="Dub into")).to_contain_text("Spanish")


def test_a_connection_lost_during_the_upload_is_told(visitor: Page, spoken_clip: Path) -> None:
    page.goto("/new/")

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.abort("connectionreset")
        else:
            route.continue_()

    page.locator("input[type=file]").set_input_files(spoken_clip)
    page.route("**/new/", lose)

    page.get_by_role("button", name="Start dubbing").click()

    expect(page.get_by_text("The connection was lost before the file arrived.")).to_be_visible()
    expect(page.get_by_role("button", name="Start dubbing")).to_be_visible()


def test_it_all_works_without_scripts(site: Site, chromium: Browser, owner: str, spoken_clip: Path) -> None:
    with phone(chromium, site, with_scripts=False) as page:
        sign_in(page)
        page.get_by_role("link", name="New dub").click()
        page.get_by_label("Choose a video or a recording").set_input_files(spoken_clip)
        page.get_by_role("button", name="Start dubbing").click()
        expect(page.locator('[data-field="target_language"]')).to_contain_text("Choose the language to dub into.")
        page.get_by_label("Choose a video or a recording").set_input_files(spoken_clip)
        page.get_by_label("Dub into").select_option("es")

        page.get_by_role("button", name="Start dubbing").click()

        expect(page.get_by_role("heading", name=spoken_clip.name)).to_be_visible()
        assert_fits(page)
        page.get_by_role("button", name="Cancel this dub").click()
        expect(page.locator("#job-summary")).to_contain_text(re.compile("Stopping|Canceled|Done"))


def test_the_chosen_appearance_is_remembered(visitor: Page) -> None:
    page.locator("[data-menu] summary").click()
    page.get_by_role("button", name="Dark").click()

    page.goto("/new/")

    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
