"""What `remote check` tells an operator: where phones find the site, whom it answers, what stands in the way."""

from __future__ import annotations

import ipaddress
import shutil
import socket
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dubbing_site.remote.addresses import is_within
from dubbing_site.remote.policy import Mode, Policy, Rule

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

TOOL_TIMEOUT_S = 2.0
REMEDIES: dict[Rule, StrPromise] = {
    Rule.ADDRESS: _("Add its network to REMOTE_ALLOWED_NETWORKS, or choose another REMOTE_ACCESS_MODE."),
    Rule.UNDECLARED_PROXY: _("Add the proxy's own address to TRUSTED_PROXIES."),
    Rule.UNREADABLE: _("Let the proxy write the client's address into X-Forwarded-For."),
    Rule.NOT_BY_CLOUDFLARE: _("Open the site by its public name, or add the network to REMOTE_ALLOWED_NETWORKS."),
    Rule.NO_TOKEN: _("Put an Access application before the public name."),
    Rule.BAD_TOKEN: _("Compare CLOUDFLARE_TEAM_DOMAIN and CLOUDFLARE_AUDIENCE with the Access application's."),
    Rule.NO_KEYS: _("Let this machine reach https://CLOUDFLARE_TEAM_DOMAIN/cdn-cgi/access/certs."),
}


@dataclass(frozen=True, slots=True)
class Report:
    urls: tuple[str, ...]
    problems: tuple[str, ...]


def report(policy: Policy) -> Report:
    urls = _urls(policy)
    problems = (_listening_problem(), _proxy_problem(policy), _host_problem(urls))
    return Report(urls, tuple(str(problem) for problem in problems if problem))


def _urls(policy: Policy) -> tuple[str, ...]:
    """The public name, or this machine's addresses that clients of the mode can reach."""
    environment = settings.ENVIRONMENT
    if environment.public_base_url:
        return (environment.base_url,)
    if not _is_every_network(environment.host):
        return (environment.base_url,)
    found = sorted((ipaddress.ip_address(address) for address in own_addresses()), key=lambda own: own.version)
    reachable = [address for address in found if not address.is_loopback and is_within(address, policy.allowed)]
    shown = [f"[{address}]" if address.version == 6 else str(address) for address in reachable]
    return tuple(f"http://{address}:{environment.port}" for address in shown) or (environment.base_url,)


def own_addresses() -> list[str]:
    """This machine's, as far as its tools tell; otherwise the one that it would go out with."""
    if tool := shutil.which("hostname"):
        done = subprocess.run([tool, "-I"], capture_output=True, text=True, timeout=TOOL_TIMEOUT_S, check=False)
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.split()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return []
        return [str(probe.getsockname()[0])]


def _listening_problem() -> StrPromise | str | None:
    environment = settings.ENVIRONMENT
    is_local = not environment.host or environment.host == "localhost" or _is_loopback(environment.host)
    if is_local and not settings.TRUSTED_PROXIES:
        return _("The server listens on this machine only: set HOST=0.0.0.0, or put a proxy before it.")
    return None


def _proxy_problem(policy: Policy) -> StrPromise | str | None:
    if settings.ENVIRONMENT.is_https and not policy.trusted_proxies:
        return _("PUBLIC_BASE_URL is https, so a proxy stands before the server: set TRUSTED_PROXIES to its address.")
    if policy.mode is Mode.CLOUDFLARE and not settings.ENVIRONMENT.is_https:
        return _("Set PUBLIC_BASE_URL to the public https address that Cloudflare serves.")
    return None


def _host_problem(urls: tuple[str, ...]) -> str | None:
    unknown = [name for name in (str(urlsplit(url).hostname) for url in urls) if not _answers_to(name)]
    if not unknown:
        return None
    return _("The site does not answer to these names; add them to ALLOWED_HOSTS: %(names)s") % {
        "names": ", ".join(unknown)
    }


def _answers_to(name: str) -> bool:
    request = HttpRequest()
    request.META = {"HTTP_HOST": f"[{name}]" if ":" in name else name}
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True


def _is_every_network(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
