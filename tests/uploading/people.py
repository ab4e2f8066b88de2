"""Prepares a site's database with alice and bob signed in; says their session keys as JSON. A program of its own."""

from __future__ import annotations

import json

import django
from django.conf import settings
from django.core.management import call_command
from django.test import Client

NAMES = ("alice", "bob")


def main() -> None:
    django.setup()
    call_command("prepare", verbosity=0)
    print(json.dumps({name: _signed_in(name) for name in NAMES}))


def _signed_in(name: str) -> str:
    from accounts.models import User

    client = Client()
    client.force_login(User.objects.create_user(name, f"{name}@example.org"))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


if __name__ == "__main__":
    main()
