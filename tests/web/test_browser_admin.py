"""The pages that libraries draw, in a real browser: the administration and the description of the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser import DESK, PASSWORD, Site, enter_password, running_browser, running_pages, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MAKE_BOSS = f"""
from accounts.models import User
from accounts.scopes import Role
User.objects.create_user("boss", "boss@example.org", {PASSWORD!r}, role=Role.ADMIN)
"""


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("REQUIRE_ADMIN_MFA", "0")
    with running_pages(tmp_path_factory.mktemp("site"), MAKE_BOSS) as running:
        yield running


def open_page(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200, path
    assert "unsafe-inline" not in answer.headers["content-security-policy"]


def test_pages_that_libraries_draw_keep_the_content_policy(site: Site) -> None:
    """Leaving the window fails the test when the console told of anything that was refused."""
    with running_browser() as chromium, window(chromium, site, viewport=DESK) as page:
        enter_password(page, "boss")
        expect(page.get_by_role("heading", name="Nothing dubbed yet")).to_be_visible()

        open_page(page, "/admin/")
        expect(page.get_by_role("link", name="Audit trail")).to_be_visible()
        open_page(page, "/admin/accounts/user/?q=boss")
        page.locator("#result_list").get_by_role("link", name="boss", exact=True).click()
        expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()

        open_page(page, "/api/docs/")
        expect(page.locator(".opblock").first).to_be_visible()
