"""`remote check`: where phones find the site, whom it answers, and why it would refuse somebody."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import qrcode
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dubbing_site.remote.addresses import Headers, parse_address
from dubbing_site.remote.policy import WHY, described
from dubbing_site.remote.report import REMEDIES, report


class Command(BaseCommand):
    help = "Shows where phones find the site and whom it answers: `remote check --address 203.0.113.9` says why not."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own name; it also helps when they fail

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["check"])
        parser.add_argument("--address", help="say whether a client with this address is let in")
        parser.add_argument("--through", help="address of the proxy that it comes through")
        parser.add_argument("--header", action="append", default=[], help="a header that it sends: 'Name: value'")
        parser.add_argument("--no-qr", action="store_true", help="without the QR code")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        from dubbing_site.remote.edge import door  # it needs the database of models, this module's help does not

        entrance = door()
        found = report(entrance.policy)
        environment = settings.ENVIRONMENT
        self._line("Mode", entrance.policy.mode)
        self._line("Listens on", f"{environment.host} port {environment.port}")
        self._line("Answers", described(entrance.policy.allowed))
        self._line("Trusted proxies", described(entrance.policy.trusted_proxies))
        for url in found.urls:
            self._line("Open on a phone", url)
        if not options["no_qr"]:
            self._draw(found.urls[0])
        for problem in found.problems:
            self._line("To do", problem)
        if options["address"]:
            self._judge(options["address"], options["through"], _headers(options["header"]))

    def _judge(self, address: str, proxy: str | None, headers: Headers) -> None:
        """Raises CommandError when the client would be refused, so that scripts notice."""
        from dubbing_site.remote.edge import door

        for text in filter(None, (address, proxy)):
            try:
                parse_address(text)
            except ValueError as error:
                raise CommandError(f"{text} is not an address") from error
        if proxy:
            headers = [*headers, (b"x-forwarded-for", address.encode())]
        visit = asyncio.run(door().judge(proxy or address, headers))
        if visit.refused_by is None:
            self._line("Let in", visit.address)
            return
        why, remedy = WHY[visit.refused_by], REMEDIES[visit.refused_by]
        raise CommandError(f"{address} would be refused ({visit.refused_by}): {why} {remedy}")

    def _line(self, name: str, value: object) -> None:
        self.stdout.write(f"{name:16} {value}")

    def _draw(self, url: str) -> None:
        code = qrcode.QRCode(border=2)
        code.add_data(url)
        drawing = io.StringIO()
        code.print_ascii(out=drawing, invert=True)
        self.stdout.write(drawing.getvalue())


def _headers(texts: list[str]) -> Headers:
    """Raises CommandError for one without a colon."""
    headers = []
    for text in texts:
        name, colon, value = text.partition(":")
        if not colon:
            raise CommandError(f"write a header like 'Name: value', not {text!r}")
        headers.append((name.strip().lower().encode("latin1"), value.strip().encode("latin1", "replace")))
    return headers
