"""What works once works once, also for those who try at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from django.db import connection

from accounts import pairing
from accounts.errors import InviteInvalid, PairingRefused
from accounts.invites import claim_invite, make_invite
from accounts.models import Pairing, User
from accounts.scopes import Role
from accounts.sessions.store import SessionStore, Visitor, key_hash
from tests.factories import PASSWORD, make_user

TIMES = 6


def at_once(act: Callable[[int], object]) -> int:
    """How many of TIMES succeed that begin together."""
    start = Barrier(TIMES)

    def one(number: int) -> bool:
        start.wait()
        try:
            act(number)
        except (InviteInvalid, PairingRefused):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(TIMES) as threads:
        return sum(threads.map(one, range(TIMES)))


def desk_of(user: User) -> str:
    """The hash of a session that is signed in."""
    store = SessionStore()
    store["_auth_user_id"] = str(user.pk)
    store.save()
    return key_hash(str(store.session_key))


def test_one_phone_gets_a_code(transactional_db: None, alice: User) -> None:
    _shown, token = pairing.show(alice, desk_hash=desk_of(alice), factor=None)

    assert at_once(lambda _number: pairing.claim(token, Visitor(device="A phone"))) == 1


def test_a_confirmed_phone_is_signed_in_once(transactional_db: None, alice: User) -> None:
    shown, token = pairing.show(alice, desk_hash=desk_of(alice), factor=None)
    pairing.claim(token, Visitor(device="A phone"))
    pairing.accept(shown)
    pairing.confirm(Pairing.objects.get(), by=alice)

    assert at_once(lambda _number: pairing.finish(Pairing.objects.get())) == 1


def test_one_person_uses_an_invite(transactional_db: None) -> None:
    admin = make_user("admin", role=Role.ADMIN)
    made = make_invite(admin, role=Role.EDITOR, email="", note="", valid_for=timedelta(days=1))

    def claim(number: int) -> None:
        claim_invite(made.token, username=f"carol{number}", email="", password=PASSWORD)

    assert at_once(claim) == 1
    assert User.objects.filter(username__startswith="carol").count() == 1
