"""The whole of it as its owner meets it: set up, sign in, upload, watch it work, play and keep the result."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, StorageState, WebSocketRoute, expect

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
CUT_AFTER = 3  # events
WATCH_PROGRESS = """
window.seen = [];
new MutationObserver(() => {
  const percent = document.querySelector("[data-overall-percent]")?.textContent;
  if (percent && window.seen.at(-1) !== percent) window.seen.push(percent);
}).observe(document, { subtree: true, childList: true, characterData: true });
"""
# Resolves once the picture has moved on; a page with a strict content policy lets nothing else wait inside it.
PLAY_A_SECOND = """
async () => {
  const video = document.querySelector("video");
  const moved = new Promise((resolve) => {
    video.ontimeupdate = () => video.currentTime > 1 && resolve();
  });
  await video.play();
  await moved;
}
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
def session(site: Site, chromium: Browser) -> StorageState:
    """The first administrator, made through the link in the terminal."""
    with phone(chromium, site) as visitor:
        visitor.goto(site.setup_link)
        assert_fits(visitor)
        visitor.get_by_label("User name").fill(USERNAME)
        visitor.get_by_label("Password", exact=True).fill(PASSWORD)
        visitor.get_by_label("The password again").fill(PASSWORD)
        visitor.get_by_role("button", name="Create the account").click()
        expect(visitor.get_by_role("heading", name="Nothing dubbed yet")).to_be_visible()
        expect(visitor.get_by_text("Your account is ready.")).to_be_visible()
        assert visitor.request.get(site.setup_link).status == 410
        return visitor.context.storage_state()


@pytest.fixture
def visitor(site: Site, chromium: Browser, session: StorageState) -> Iterator[Page]:
    """A phone that is signed in."""
    with phone(chromium, site, session=session) as signed_in:
        signed_in.goto("/")
        yield signed_in


def state_of(visitor: Page) -> str | None:
    return visitor.locator("#job-summary").get_attribute("data-state")


def expect_done(visitor: Page) -> None:
    summary = visitor.locator("#job-summary")
    expect(summary).to_have_attribute("data-state", re.compile("done|failed|canceled"), timeout=DUB_TIMEOUT_MS)
    assert state_of(visitor) == "done", summary.inner_text()


def test_a_video_is_uploaded_watched_at_work_played_and_kept(visitor: Page, spoken_clip: Path) -> None:
    visitor.add_init_script(WATCH_PROGRESS)
    visitor.get_by_role("link", name="New dub").click()
    visitor.locator("input[type=file]").set_input_files(spoken_clip)
    expect(visitor.locator("[data-file-name]")).to_have_text(spoken_clip.name)
    expect(visitor.locator("[data-file-facts]")).to_contain_text("0:06")
    assert_fits(visitor)
    start_dub(visitor, spoken_clip)
    assert_fits(visitor)

    expect_done(visitor)

    seen = visitor.evaluate("window.seen")
    assert len(seen) >= 3, f"the progress of the whole hardly moved: {seen}"
    expect(visitor.locator('[data-stage][data-state="done"]')).to_have_count(8)
    visitor.get_by_text("Log", exact=True).click()
    expect(visitor.locator(".log-line").first).to_be_visible()
    visitor.get_by_role("link", name="Watch it").click()
    expect(visitor.get_by_role("heading", name=spoken_clip.name)).to_be_visible()
    assert_fits(visitor)
    visitor.evaluate(PLAY_A_SECOND)
    assert visitor.evaluate("document.querySelector('video').textTracks.length") == 2
    address = visitor.locator("video source").get_attribute("src")
    part = visitor.request.get(str(address), headers={"Range": "bytes=4-7"})
    assert (part.status, part.body()) == (206, b"ftyp")
    with visitor.expect_download() as download:
        visitor.get_by_role("link", name="Video, MP4").click()
    assert download.value.suggested_filename == "spoken.es.mp4"
    assert download.value.path().read_bytes()[4:8] == b"ftyp"
    visitor.goto("/")
    expect(visitor.get_by_role("link", name=spoken_clip.name).first).to_be_visible()
    assert_fits(visitor)


def test_a_lost_connection_comes_back_without_gap_or_repeat(visitor: Page, spoken_clip: Path) -> None:
    addresses: list[str] = []
    seqs: list[int] = []

    def lose_the_first(socket: WebSocketRoute) -> None:
        addresses.append(socket.url)
        server = socket.connect_to_server()
        is_first = len(addresses) == 1

        def pass_on(message: str | bytes) -> None:
            if is_first and len(seqs) == CUT_AFTER:
                return  # sent by the server before it saw the cut: lost on the way
            seqs.append(json.loads(message)["seq"])
            socket.send(message)
            if is_first and len(seqs) == CUT_AFTER:
                server.close()
                socket.close(code=1012)

        server.on_message(pass_on)

    visitor.route_web_socket(re.compile(r"/ws/jobs/"), lose_the_first)
    start_dub(visitor, spoken_clip)

    expect_done(visitor)

    assert len(addresses) == 2
    assert addresses[1].endswith(f"?after={seqs[CUT_AFTER - 1]}")
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    expect(visitor.locator('[data-stage][data-state="done"]')).to_have_count(8)


def test_progress_is_asked_for_where_no_socket_gets_through(visitor: Page, spoken_clip: Path) -> None:
    visitor.route_web_socket(re.compile(r"/ws/jobs/"), lambda socket: socket.close(code=1011))
    start_dub(visitor, spoken_clip)

    expect_done(visitor)

    expect(visitor.locator('[data-stage][data-state="done"]')).to_have_count(8)
    expect(visitor.get_by_role("link", name="Watch it")).to_be_visible()


def test_the_home_page_follows_by_itself(visitor: Page, spoken_clip: Path) -> None:
    start_dub(visitor, spoken_clip)
    visitor.goto("/")
    expect(visitor.get_by_role("heading", name="In progress")).to_be_visible()
    visitor.evaluate("window.wasHere = true")

    expect(visitor.get_by_role("heading", name="In progress")).to_be_hidden(timeout=DUB_TIMEOUT_MS)

    expect(visitor.locator("#home-body").get_by_role("link", name=spoken_clip.name).first).to_be_visible()
    assert visitor.evaluate("window.wasHere")


def test_a_running_dub_is_canceled_after_a_question(visitor: Page, tmp_path: Path) -> None:
    start_dub(visitor, make_video(tmp_path / "museum.mp4", size="320x180"))
    visitor.get_by_role("button", name="Cancel this dub").click()
    dialog = visitor.get_by_role("dialog", name="Cancel this dub?")
    dialog.get_by_role("button", name="Keep going").click()
    expect(dialog).to_be_hidden()
    assert state_of(visitor) in {"queued", "running"}

    visitor.get_by_role("button", name="Cancel this dub").click()
    dialog.get_by_role("button", name="Cancel the dub").click()

    expect(visitor.locator("#job-summary")).to_have_attribute("data-state", "canceled")
    expect(visitor.get_by_text("You stopped this dub.")).to_be_visible()
    assert_fits(visitor)


def test_a_running_dub_is_paused_goes_on_and_is_made_again(visitor: Page, spoken_clip: Path) -> None:
    start_dub(visitor, spoken_clip)
    visitor.get_by_role("button", name="Pause").click()
    expect(visitor.locator("#job-summary")).to_have_attribute("data-state", "paused")
    assert_fits(visitor)

    visitor.get_by_role("button", name="Go on").click()
    expect_done(visitor)
    visitor.get_by_text("Manage", exact=True).click()
    assert_fits(visitor)
    visitor.get_by_label("Begin again from").select_option("export")
    visitor.get_by_role("button", name="Begin again").click()
    expect_done(visitor)

    visitor.get_by_text("Manage", exact=True).click()
    visitor.get_by_role("button", name="Delete the job").click()
    visitor.get_by_role("dialog", name="Delete this job?").get_by_role("button", name="Delete it").click()
    expect(visitor.get_by_text("The job is deleted.")).to_be_visible()
    expect(visitor.locator("#home-body").get_by_role("link", name=spoken_clip.name).first).to_be_visible()


def test_a_preset_fills_the_form_and_leaves_the_file(visitor: Page, spoken_clip: Path) -> None:
    token = next(cookie for cookie in visitor.context.cookies() if cookie["name"] == "csrftoken")["value"]
    preset = {"name": "Catalan, quick", "settings": {"target_language": "ca", "mode": "low"}}
    made = visitor.request.post("/api/presets", data=preset, headers={"X-CSRFToken": token})
    assert made.status == 201
    visitor.goto("/new/")
    visitor.locator("input[type=file]").set_input_files(spoken_clip)

    visitor.get_by_role("link", name="Catalan, quick").press("Enter")

    expect(visitor.get_by_role("button", name="Dub into")).to_contain_text("Catalan")
    expect(visitor.get_by_role("radio", name="Quick")).to_be_checked()
    expect(visitor.locator("[data-file-name]")).to_have_text(spoken_clip.name)
    expect(visitor.get_by_role("link", name="Catalan, quick")).to_be_focused()
    assert_fits(visitor)


def test_what_is_wrong_with_a_file_is_said_beside_it(visitor: Page, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear Bob,\n" * 50)
    visitor.goto("/new/")
    visitor.get_by_role("button", name="Start dubbing").click()
    expect(visitor.locator('[data-field="file"]')).to_contain_text("Choose a file first.")
    choose_spanish_again(visitor)

    visitor.locator("input[type=file]").set_input_files(letter)

    expect(visitor.locator('[data-field="file"]')).to_contain_text("letter.mp4 is a text, not a video")
    assert_fits(visitor)


def choose_spanish_again(visitor: Page) -> None:
    """With the arrow keys, as somebody without a mouse does."""
    visitor.get_by_role("button", name="Dub into").press("Enter")
    search = visitor.get_by_role("combobox", name="Search languages")
    search.fill("SPAÑI")
    search.press("ArrowUp")
    search.press("Enter")
    expect(visitor.get_by_role("button", name="Dub into")).to_contain_text("Spanish")


def test_a_connection_lost_at_the_start_is_told(visitor: Page, spoken_clip: Path) -> None:
    visitor.goto("/new/")

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.abort("connectionreset")
        else:
            route.continue_()

    visitor.locator("input[type=file]").set_input_files(spoken_clip)
    visitor.route("**/new/", lose)

    visitor.get_by_role("button", name="Start dubbing").click()

    expect(visitor.get_by_text("The server cannot be reached, so nothing was started.")).to_be_visible()
    expect(visitor.get_by_role("button", name="Start dubbing")).to_be_visible()


def test_it_all_works_without_scripts(site: Site, chromium: Browser, session: StorageState, spoken_clip: Path) -> None:
    with phone(chromium, site, with_scripts=False) as visitor:
        sign_in(visitor)
        visitor.get_by_role("link", name="New dub").click()
        visitor.get_by_label("Choose a video or a recording").set_input_files(spoken_clip)
        visitor.get_by_role("button", name="Start dubbing").click()
        expect(visitor.locator('[data-field="target_language"]')).to_contain_text("Choose the language to dub into.")
        visitor.get_by_label("Choose a video or a recording").set_input_files(spoken_clip)
        visitor.get_by_label("Dub into").select_option("es")

        visitor.get_by_role("button", name="Start dubbing").click()

        expect(visitor.get_by_role("heading", name=spoken_clip.name)).to_be_visible()
        assert_fits(visitor)
        visitor.get_by_role("button", name="Cancel this dub").click()
        expect(visitor.locator("#job-summary")).to_contain_text(re.compile("Stopping|Canceled|Done"))


def test_the_chosen_appearance_is_remembered(visitor: Page) -> None:
    visitor.locator("[data-menu] summary").click()
    visitor.get_by_role("button", name="Dark").click()

    visitor.goto("/new/")

    assert visitor.evaluate("document.documentElement.dataset.theme") == "dark"
