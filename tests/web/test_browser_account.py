"""Signing in as people do, in a real browser: with an app's codes, with a scanned code, with a passkey, by keyboard."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import zxingcpp
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from numpy import frombuffer, uint8
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.browser import (
    DESK,
    PASSWORD,
    PHONE,
    Site,
    assert_fits,
    enter_password,
    phone,
    running_browser,
    running_pages,
    window,
)
from tests.web.conftest import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PEOPLE = ("alice", "bob", "carol", "dave", "erin")
MAKE_PEOPLE = f"""
from accounts.models import User
from django.contrib.auth.hashers import make_password
hashed = make_password({PASSWORD!r})
for name in {PEOPLE}: User.objects.create(username=name, email=f"{{name}}@example.org", password=hashed)
"""
PERIOD_S = 30
TRIES = 3
TABS = 60
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
ACCOUNT_PAGES = (
    "/account/settings/",
    "/accounts/2fa/",
    "/account/sessions/",
    "/account/pair/",
    "/account/keys/",
    "/accounts/password/change/",
    "/accounts/email/",
    "/accounts/reauthenticate/",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_pages(tmp_path_factory.mktemp("site"), MAKE_PEOPLE) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


def expect_home(page: Page) -> None:
    expect(page.get_by_role("heading", name="Nothing dubbed yet")).to_be_visible()


def sign_in(page: Page, username: str) -> None:
    enter_password(page, username)
    expect_home(page)


def show_password_again(page: Page) -> None:
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def sign_out(page: Page) -> None:
    page.get_by_label("Account and appearance").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def period() -> int:
    return int(time.time()) // PERIOD_S


def enter_code(page: Page, secret: str, button: str, reached: Locator) -> int:
    """Types what the app shows now, again where the period ended meanwhile. Returns the period that counted."""
    wrong = page.get_by_text("Incorrect code")
    for _ in range(TRIES):
        counter = period()
        page.get_by_label("code").fill(format_hotp_value(hotp_value(secret, counter)))
        page.get_by_role("button", name=button, exact=True).click()
        expect(reached.or_(wrong)).to_be_visible()
        if reached.is_visible():
            return counter
    pytest.fail(f"no code was accepted in {TRIES} tries")


def test_an_app_and_recovery_codes_sign_in_after_the_password(site: Site, chromium: Browser) -> None:
    with phone(chromium, site) as page:
        sign_in(page, "alice")
        page.goto("/accounts/2fa/")
        page.get_by_role("link", name="Set up").click()
        show_password_again(page)
        page.get_by_text("Or type this key").click()
        secret = page.locator("#authenticator-secret").inner_text()
        enter_code(page, secret, "Turn on", page.get_by_role("heading", name="Recovery codes"))
        enrolled = period()  # or earlier: no code of a period until now is taken again
        assert_fits(page)
        recovery = page.locator("#recovery-codes li").first.inner_text()
        sign_out(page)

        enter_password(page, "alice")
        expect(page.get_by_role("heading", name="One more step")).to_be_visible()
        page.get_by_label("code").fill(recovery)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect_home(page)
        page.goto("/accounts/2fa/")
        expect(page.get_by_text("9 left.")).to_be_visible()
        sign_out(page)

        enter_password(page, "alice")
        wait_until(lambda: period() > enrolled, "the app shows another code", within_s=2 * PERIOD_S)
        enter_code(page, secret, "Sign in", page.get_by_role("heading", name="Nothing dubbed yet"))


def scanned(desk: Page) -> str:
    """What the camera of a phone reads on the screen."""
    picture = desk.locator(".qr").screenshot()
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))  # PNG's header
    command = ["ffmpeg", "-v", "error", "-i", "pipe:", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:"]
    grey = subprocess.run(command, input=picture, stdout=subprocess.PIPE, check=True).stdout
    (code,) = zxingcpp.read_barcodes(frombuffer(grey, uint8).reshape(height, width))
    return code.text


def test_a_phone_that_scans_the_code_is_signed_in_once_the_computer_agrees(site: Site, chromium: Browser) -> None:
    with (
        window(chromium, site, viewport=DESK) as desk,
        window(chromium, site, viewport=PHONE, user_agent=IPHONE) as mobile,
        window(chromium, site, viewport=PHONE) as thief,
    ):
        sign_in(desk, "bob")
        desk.goto("/account/pair/")
        link = scanned(desk)
        assert link.startswith(f"{site.address}/pair/#")

        mobile.goto(link)
        expect(mobile.get_by_role("heading", name="Sign in as bob on this phone?")).to_be_focused()
        assert mobile.evaluate("location.hash") == ""
        assert_fits(mobile)
        mobile.get_by_role("button", name="Sign in on this phone").click()
        expect(mobile.get_by_role("heading", name="Now confirm on your computer")).to_be_focused()

        thief.goto(link)
        expect(thief.get_by_role("heading", name="This code no longer works")).to_be_visible()

        expect(desk.get_by_role("heading", name="Is this your phone?")).to_be_focused()
        expect(desk.get_by_text("Safari on iPhone").first).to_be_visible()
        number = mobile.locator("[data-number]:visible").inner_text()
        assert re.fullmatch(r"\d\d", number)
        expect(desk.locator("[data-number]:visible")).to_have_text(number)
        assert mobile.request.get("/api/jobs").status == 401
        desk.get_by_role("button", name="Yes, sign it in").click()
        expect(desk.get_by_role("heading", name="Your phone is signed in")).to_be_visible()

        expect_home(mobile)
        assert mobile.request.get("/api/jobs").status == 200
        desk.goto("/account/sessions/")
        expect(desk.get_by_text("Safari on iPhone")).to_be_visible()


def test_a_phone_that_the_computer_refuses_stays_out(site: Site, chromium: Browser) -> None:
    with window(chromium, site, viewport=DESK) as desk, phone(chromium, site) as mobile:
        sign_in(desk, "carol")
        desk.goto("/account/pair/")
        mobile.goto(scanned(desk))
        mobile.get_by_role("button", name="Sign in on this phone").click()

        desk.get_by_role("button", name="No, refuse").click()

        expect(desk.get_by_role("heading", name="Refused")).to_be_visible()
        expect(mobile.get_by_role("heading", name="Refused on the computer")).to_be_visible()
        assert mobile.request.get("/api/jobs").status == 401


def test_a_passkey_signs_in_without_a_password(site: Site, chromium: Browser) -> None:
    by_name = replace(site, address=site.address.replace("127.0.0.1", "localhost"))  # passkeys are for names
    with window(chromium, by_name, viewport=PHONE) as page:
        tools = page.context.new_cdp_session(page)
        tools.send("WebAuthn.enable")
        tools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        sign_in(page, "dave")
        page.goto("/accounts/2fa/")
        page.get_by_role("link", name="Add a passkey").click()
        show_password_again(page)
        expect(page.get_by_label("Sign in with it alone")).to_be_checked()
        page.get_by_role("button", name="Add it").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        page.goto("/accounts/2fa/webauthn/")
        expect(page.get_by_text("Signs you in without a password")).to_be_visible()
        assert_fits(page)
        sign_out(page)

        page.get_by_role("button", name="Sign in with a passkey").click()

        expect_home(page)


def tab_to(page: Page, target: Locator) -> None:
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if target.evaluate("(element) => element === document.activeElement"):
            return
    pytest.fail(f"{target} is not reached by the Tab key")


def test_a_key_is_made_copied_and_revoked_by_keyboard_alone(site: Site, chromium: Browser) -> None:
    with window(chromium, site, viewport=DESK, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto("/accounts/login/?next=/account/keys/")
        tab_to(page, page.get_by_label("Username or email"))
        page.keyboard.type("erin")
        tab_to(page, page.get_by_label("Password", exact=True))
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")

        tab_to(page, page.get_by_label("Name"))
        page.keyboard.type("the cellar")
        tab_to(page, page.get_by_label("See jobs, their progress"))
        page.keyboard.press("Space")
        tab_to(page, page.get_by_role("button", name="Make it"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Copy the key “the cellar” now")).to_be_visible()
        tab_to(page, page.get_by_role("button", name="Copy", exact=True).first)
        page.keyboard.press("Enter")
        expect(page.get_by_text("Copied.")).to_be_visible()
        key = page.evaluate("navigator.clipboard.readText()")
        assert re.fullmatch(r"dub_\w+_\w+", key)
        assert page.request.get("/api/jobs", headers={"Authorization": f"Bearer {key}"}).status == 200

        tab_to(page, page.get_by_role("button", name="Revoke the cellar"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="Revoke this key?")).to_be_visible()
        tab_to(page, page.get_by_role("button", name="Revoke it"))
        page.keyboard.press("Enter")
        expect(page.get_by_text("The key is revoked")).to_be_visible()
        assert page.request.get("/api/jobs", headers={"Authorization": f"Bearer {key}"}).status == 401


def test_the_account_pages_fit_a_phone_and_keep_the_content_policy(site: Site, chromium: Browser) -> None:
    with phone(chromium, site) as page:
        sign_in(page, "erin")

        for path in ACCOUNT_PAGES:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            assert "unsafe-inline" not in answer.headers["content-security-policy"]
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert_fits(page)
