"""What a browser calls itself, said as a person would: "Firefox on Windows".

Shown beside sessions so that people recognise their devices, and used for nothing else. A parser with a database of
every browser (ua-parser) weighs more than the sentence is worth.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

# The first that is found names it: Edge and Opera say Chrome too, Chrome says Safari, iPhones say Mac OS.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "Python"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str) -> str:
    """At most 80 characters, none of them the client's own: what it sends is not shown to anybody."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("An unknown device")
