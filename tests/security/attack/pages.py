"""Texts that want to be markup, on every page that shows them, in a real browser that was told to ignore the CSP."""

from __future__ import annotations

from collections.abc import Sequence

from playwright.sync_api import Browser, BrowserContext, Dialog

from tests.security.attack.attack import Attack, Scale, Tried
from tests.security.attack.ground import Ground
from tests.web.browser import running_browser

OWN = (
    "/",
    "/jobs/",
    "/jobs/{job_id}/",
    "/dubs/{dub_id}/",
    "/projects/",
    "/projects/{project_id}/",
    "/presets/",
    "/new/",
    "/account/settings/",
    "/account/keys/",
    "/account/sessions/",
)
FILES = ("/dubs/{dub_id}/files/report/",)  # what a dub's maker wrote: here its own policy is what holds
ADMINS = (
    "/account/invites/",
    "/admin/",
    "/admin/accounts/user/",
    "/admin/accounts/auditentry/",
    "/admin/uploads/upload/",
    "/admin/uploads/upload/{upload_id}/change/",
    "/admin/jobs/job/",
    "/admin/jobs/job/{job_id}/change/",
    "/admin/library/dub/",
    "/admin/library/dub/{dub_id}/change/",
)
SHORT = ("/", "/jobs/{job_id}/", "/dubs/{dub_id}/", "/account/keys/", "/admin/library/dub/", "/admin/uploads/upload/")
RENDERED_TEMPLATE = str(71993 * 83621)
# Elements that only the hostile text asks for.
MADE = "document.querySelectorAll('img[src=\"x\"], img[onerror]').length"


def _scripts(ground: Ground, scale: Scale) -> Tried:
    tried = Tried()
    with running_browser() as browser:
        for name, places in (("alice", OWN), ("admin", ADMINS)):
            chosen = [place for place in places if scale is Scale.FULL or place in SHORT]
            with _unprotected(browser) as context:
                _look(context, ground, name, chosen, tried)
        with _protected(browser) as context:
            _look(context, ground, "alice", FILES, tried)
    return tried


def _unprotected(browser: Browser) -> BrowserContext:
    return browser.new_context(bypass_csp=True, service_workers="block")


def _protected(browser: Browser) -> BrowserContext:
    return browser.new_context(service_workers="block")


def _look(context: BrowserContext, ground: Ground, name: str, places: Sequence[str], tried: Tried) -> None:
    site = f"http://{ground.proxied.address}"
    context.add_cookies([{"name": "sessionid", "value": ground.told.sessions[name], "url": site}])
    page = context.new_page()
    page.set_default_timeout(600_000)  # late on a busy machine is no find
    ran: list[str] = []

    def hear(dialog: Dialog) -> None:
        ran.append(page.url)
        dialog.dismiss()

    page.on("dialog", hear)
    for place in places:
        path = place.format(**ground.told.ids)
        answer = page.goto(site + path, wait_until="domcontentloaded")
        tried.note("opened" if answer is not None and answer.status == 200 else f"{answer and answer.status} {place}")
        tried.check(page.evaluate(MADE) == 0, f"{place}: markup of a user's became an element")
        tried.check(RENDERED_TEMPLATE not in page.inner_text("body"), f"{place}: a text was taken for a template")
    tried.check(not ran, f"a script of a user's ran on {ran}")
    tried.check(set(tried.answers) == {"opened"}, f"not every page opened: {dict(tried.answers)}")


ATTACKS = (
    Attack("Scripts in names and texts (XSS)", "shown as written on every page, without the CSP's help", _scripts),
)
