"""A real server with its workers and a real browser, for tests that use the site as people do."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, StorageState, ViewportSize, expect, sync_playwright

from tests.servers import free_port
from tests.web.conftest import RunningServer, wait_until

START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 30.0
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
CHROMIUM = "/usr/bin/chromium"
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
)
PREPARE = """
import django; django.setup()
from django.core.management import call_command
call_command("prepare", verbosity=0)
"""
USERNAME = "alice"
PASSWORD = "correct horse battery"
# What the browser writes to the console although the site answered as it should: a refused form, a lost connection.
EXPECTED_ERRORS = (
    "status of 401",
    "status of 410",
    "status of 422",
    "status of 502",
    "ERR_CONNECTION_RESET",
    "ERR_CONNECTION_REFUSED",
    "ERR_INTERNET_DISCONNECTED",
    "ERR_NETWORK_CHANGED",
    "ERR_EMPTY_RESPONSE",
    "WebSocket connection to",
    "WebSocket is already in CLOSING or CLOSED state",
)
ACTION_TIMEOUT_MS = 60_000  # the machine dubs with all its cores meanwhile
expect.set_options(timeout=ACTION_TIMEOUT_MS)


@dataclass
class Site:
    """`dubbing-web` as its owner starts it, with a data folder of its own."""

    address: str
    process: subprocess.Popen[Any]
    setup_link: str = ""
    lines: list[str] = field(default_factory=list)
    listener: threading.Thread | None = None

    def wait_for_setup_link(self) -> str:
        """The one-time link from the terminal; everything is up when it is printed."""
        heard: queue.Queue[str] = queue.Queue()
        self.listener = threading.Thread(target=self._listen, args=(heard,))
        self.listener.start()
        try:
            while True:
                found = re.search(r"http\S+/setup/\S+", heard.get(timeout=START_TIMEOUT_S))
                if found:
                    return found.group()
        except queue.Empty:
            pytest.fail("no setup link was printed; the server said:\n" + "".join(self.lines))

    def _listen(self, heard: queue.Queue[str]) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line)
                heard.put(line)

    def stop(self) -> None:
        """Ctrl-C; whatever has not ended by then is ended, and fails the test."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            pytest.fail("Ctrl-C did not stop the server:\n" + "".join(self.lines))
        finally:
            if self.listener is not None:
                self.listener.join()


@contextmanager
def running_site(data_dir: Path) -> Iterator[Site]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    own = {"DATA_DIR": str(data_dir), "PORT": str(port), "BASE_URL": address, "ENV_FILE": ""}
    environment = os.environ | own | {"DJANGO_SETTINGS_MODULE": "dubbing_site.settings", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "dubbing_site.launcher"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    site = Site(address, process)
    try:
        site.setup_link = site.wait_for_setup_link()
        yield site
    finally:
        site.stop()


@contextmanager
def running_pages(data_dir: Path, first: str) -> Iterator[Site]:
    """The web server alone, where nobody dubs. `first` is Python that is run once the database is made."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    own = {"DATA_DIR": str(data_dir), "PORT": str(port), "BASE_URL": address, "ENV_FILE": ""}
    environment = os.environ | own | {"DJANGO_SETTINGS_MODULE": "dubbing_site.settings", "DRAIN_SECONDS": "1"}
    subprocess.run([sys.executable, "-c", PREPARE + first], env=environment, check=True)
    command = [sys.executable, "-m", "dubbing_site.server"]
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    site = Site(address, process)
    try:
        wait_until(RunningServer(port, process, environment).is_up, "the web server answers", START_TIMEOUT_S)
        yield site
    finally:
        site.stop()


@contextmanager
def running_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


@contextmanager
def phone(
    browser: Browser, site: Site, *, with_scripts: bool = True, session: StorageState | None = None
) -> Iterator[Page]:
    """A page on a phone; leaving it fails the test when the console showed an error on the way."""
    with window(
        browser,
        site,
        viewport=PHONE,
        java_script_enabled=with_scripts,
        device_scale_factor=2,
        storage_state=session,
    ) as page:
        yield page


@contextmanager
def window(browser: Browser, site: Site, **options: Any) -> Iterator[Page]:
    """The same with Playwright's own options for a device."""
    # Tests that cut the network want it cut, and one site's worker not on the next.
    context = browser.new_context(base_url=site.address, service_workers="block", **options)
    context.set_default_timeout(ACTION_TIMEOUT_MS)
    page = context.new_page()
    errors = collect_errors(page)
    yield page
    context.close()
    assert not errors, "\n".join(errors)


def collect_errors(page: Page) -> list[str]:
    errors: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(text in message.text for text in EXPECTED_ERRORS):
            errors.append(f"{message.text} at {message.location.get('url')}")

    page.on("console", hear)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


def sign_in(page: Page) -> None:
    enter_password(page, USERNAME)
    expect(page.get_by_role("heading", name="Your dubs")).to_be_visible()


def enter_password(page: Page, username: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username or email").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def choose_language(page: Page, name: str) -> None:
    page.get_by_role("button", name="Dub into").click()
    page.get_by_role("combobox", name="Search languages").fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Dub into")).to_contain_text(name)


def start_dub(page: Page, clip: Path, language: str = "Spanish") -> None:
    page.goto("/new/")
    page.locator("input[type=file]").set_input_files(clip)
    choose_language(page, language)
    page.get_by_role("button", name="Start dubbing").click()
    page.wait_for_url("**/jobs/*/")


def assert_fits(page: Page) -> None:
    """Nothing is wider than the phone."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
