"""Limits on tries hold across threads and processes, with Redis, without it, and while it goes away."""

from __future__ import annotations

import hashlib
import threading
import time
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse

from accounts import keys
from accounts.errors import RateLimited
from accounts.limits import Limit, give_back, network_of, take
from accounts.limits.table import ALLOWANCES
from accounts.models import AuditEntry, RateCount, User
from accounts.scopes import Scope
from tests.factories import PASSWORD
from tests.servers import RedisServer

GUESSES = Limit.SIGN_IN_BY_ACCOUNT
MOST = GUESSES.allowance.most


def passes(limit: Limit, who: str, tries: int) -> int:
    """How many of so many tries, one after the other, are let through."""
    return sum(is_let_through(limit, who) for _ in range(tries))


def is_let_through(limit: Limit, who: str) -> bool:
    try:
        take(limit, who)
    except RateLimited:
        return False
    return True


def passes_together(limit: Limit, who: str, *, threads: int, each: int) -> int:
    passed: list[int] = []
    start = threading.Barrier(threads)

    def guess() -> None:
        start.wait()
        try:
            passed.append(passes(limit, who, each))
        finally:
            connection.close()

    guessers = [threading.Thread(target=guess) for _ in range(threads)]
    for guesser in guessers:
        guesser.start()
    for guesser in guessers:
        guesser.join()
    return sum(passed)


def end_windows() -> None:
    RateCount.objects.update(ends_at_ms=F("ends_at_ms") - 10_000_000)


@pytest.mark.django_db
def test_after_so_many_tries_the_rest_of_the_window_is_closed() -> None:
    assert passes(GUESSES, "alice", MOST + 5) == MOST

    with pytest.raises(RateLimited) as refusal:
        take(GUESSES, "alice")
    assert 0 < refusal.value.retry_after_s <= GUESSES.allowance.within_s
    assert "Try again in" in str(refusal.value)


@pytest.mark.django_db
def test_one_persons_tries_are_not_anothers() -> None:
    passes(GUESSES, "alice", MOST + 1)

    assert passes(GUESSES, "bob", 1) == 1
    assert passes(Limit.SECOND_FACTOR_BY_USER, "alice", 1) == 1


@pytest.mark.django_db
def test_the_next_window_begins_anew() -> None:
    passes(GUESSES, "alice", MOST + 1)
    end_windows()

    assert passes(GUESSES, "alice", MOST + 1) == MOST


@pytest.mark.django_db
def test_a_try_that_is_given_back_does_not_count() -> None:
    for _ in range(3 * MOST):
        take(GUESSES, "alice")
        give_back(GUESSES, "alice")

    assert passes(GUESSES, "alice", MOST + 1) == MOST


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_are_counted_one_by_one() -> None:
    assert passes_together(GUESSES, "alice", threads=8, each=5) == MOST


@pytest.mark.django_db(transaction=True)
def test_a_count_cannot_be_undone_by_rolling_back() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        take(GUESSES, "alice")


@pytest.mark.django_db
def test_the_first_refusal_of_a_window_is_audited_and_the_others_are_not() -> None:
    passes(GUESSES, "alice", MOST + 20)

    [entry] = AuditEntry.objects.filter(action="rate_limited_refused")
    assert entry.details == {"limit": "sign_in_by_account"}


@pytest.mark.django_db
def test_nobody_can_read_from_the_database_who_tried_what() -> None:
    take(GUESSES, "alice")

    [row] = RateCount.objects.all()
    assert len(row.key) == 64
    assert "alice" not in str(row.__dict__)


@pytest.mark.django_db
def test_counts_of_windows_that_have_ended_go_away(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        take(GUESSES, f"guess {number}")
    end_windows()
    monkeypatch.setattr("accounts.limits.counts.FORGET_EVERY_S", 0.0)

    take(GUESSES, "alice")

    assert RateCount.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("most", [1, 7, 100, 1200])
def test_what_is_counted_in_lots_is_neither_more_nor_much_less(settings: LazySettings, most: int) -> None:
    settings.API_REQUESTS_PER_MINUTE_PER_USER = most

    assert passes(Limit.API_BY_USER, f"alice of {most}", most + 50) == most


@pytest.mark.django_db
def test_an_operator_can_lift_a_limit(settings: LazySettings) -> None:
    settings.SUBMISSIONS_PER_MINUTE_PER_USER = 0

    assert passes(Limit.SUBMISSION_BY_USER, "alice", 500) == 500
    assert not RateCount.objects.exists()


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_the_addresses_of_one_customer_count_as_one(address: str, whole: str) -> None:
    assert network_of(address) == whole


def test_every_limit_has_its_numbers() -> None:
    assert set(ALLOWANCES) == set(Limit)


def test_the_api_says_in_its_own_form_when_to_come_back(as_alice: Client, settings: LazySettings) -> None:
    settings.API_REQUESTS_PER_MINUTE_PER_USER = 2

    answers = [as_alice.get("/api/jobs") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Content-Type"] == "application/problem+json"
    assert answers[2].json()["code"] == "rate_limited"
    assert 0 < int(answers[2]["Retry-After"]) <= 60


def test_limits_of_the_api_are_a_users_own(as_alice: Client, as_bob: Client, settings: LazySettings) -> None:
    settings.API_REQUESTS_PER_MINUTE_PER_USER = 1
    as_alice.get("/api/jobs")

    assert as_alice.get("/api/jobs").status_code == 429
    assert as_bob.get("/api/jobs").status_code == 200


def test_beginning_uploads_is_limited_and_sending_their_chunks_is_not(as_alice: Client, settings: LazySettings) -> None:
    settings.UPLOADS_PER_MINUTE_PER_USER = 1
    settings.API_REQUESTS_PER_MINUTE_PER_USER = 3
    new = {"name": "talk.mp4", "total_bytes": 1000}
    upload = as_alice.post("/api/uploads/init", new, "application/json").json()
    address = f"/api/uploads/{upload['id']}/chunk?offset="

    digest = {"X-Chunk-SHA256": hashlib.sha256(b"x").hexdigest()}

    sent = [as_alice.put(f"{address}{at}", b"x", "application/octet-stream", headers=digest) for at in range(5)]

    assert [answer.status_code for answer in sent] == [200] * 5
    assert as_alice.post("/api/uploads/init", new, "application/json").status_code == 429


def test_a_page_says_when_to_come_back(client: Client, alice: User) -> None:
    wrong = {"login": "alice", "password": "wrong"}
    answers = [client.post("/accounts/login/", wrong) for _ in range(MOST + 1)]

    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) > 0
    assert "Try again in" in answers[-1].content.decode()


def test_a_stranger_elsewhere_cannot_shut_an_account_out(client: Client, alice: User) -> None:
    wrong, right = {"login": "alice", "password": "wrong"}, {"login": "alice", "password": PASSWORD}
    for _ in range(MOST + 1):
        client.post("/accounts/login/", wrong, REMOTE_ADDR="203.0.113.9")

    assert client.post("/accounts/login/", right, REMOTE_ADDR="203.0.113.9").status_code == 429
    assert client.post("/accounts/login/", right, REMOTE_ADDR="192.168.1.20").status_code == 302


def test_nobody_makes_the_site_write_mails_without_end(as_alice: Client) -> None:
    most = Limit.MAIL_BY_USER.allowance.most
    mail = {"action_send": "", "email": "bob@example.org"}

    answers = [as_alice.post("/accounts/email/", mail).status_code for _ in range(most + 1)]

    assert 429 not in answers[:most]
    assert answers[most] == 429


@pytest.mark.parametrize("name", ["keys", "settings", "pair_confirm", "pair_accept", "pair_finish"])
def test_nobody_fills_the_audit_trail_by_pages(as_alice: Client, name: str) -> None:
    address, most = reverse(f"accounts:{name}"), Limit.CHANGE_BY_USER.allowance.most

    answers = [as_alice.post(address).status_code for _ in range(most + 1)]

    assert 429 not in answers[:most]
    assert answers[most] == 429


def test_nobody_fills_the_audit_trail_by_the_api(as_alice: Client) -> None:
    most, wishes = Limit.CHANGE_BY_USER.allowance.most, [{"is_private": True}, {"is_private": False}]

    changed = [as_alice.patch("/api/me/settings", wishes[n % 2], "application/json").status_code for n in range(most)]

    assert set(changed) == {200}
    assert as_alice.patch("/api/me/settings", wishes[0], "application/json").status_code == 429
    assert as_alice.post("/api/keys", {}, "application/json").status_code == 429


def test_what_keeps_a_thief_out_is_never_used_up(as_alice: Client, alice: User) -> None:
    by_page, by_api = (keys.make_key(alice, name, [Scope.JOBS_READ], expires_at=None).key for name in ("a", "b"))
    for _ in range(Limit.CHANGE_BY_USER.allowance.most):
        take(Limit.CHANGE_BY_USER, str(alice.pk))

    assert as_alice.post(reverse("accounts:revoke_key", args=[by_page.id])).status_code == 302
    assert as_alice.delete(f"/api/keys/{by_api.id}").status_code == 204
    assert as_alice.post(reverse("accounts:pair_refuse")).status_code == 404


@pytest.mark.parametrize("name", ["jobs:share", "jobs:import"])
def test_every_way_to_begin_an_upload_counts(as_alice: Client, films: Path, settings: LazySettings, name: str) -> None:
    settings.UPLOADS_PER_MINUTE_PER_USER = 1

    answers = [as_alice.post(reverse(name)).status_code for _ in range(2)]

    assert answers[0] != 429
    assert answers[1] == 429


def test_guessing_links_is_limited_by_address(client: Client, db: None) -> None:
    most = Limit.LINK_BY_ADDRESS.allowance.most

    answers = [client.get(f"/setup/guess-{number}/").status_code for number in range(most + 1)]

    assert answers == [410] * most + [429]


@pytest.fixture
def in_redis(redis_server: RedisServer, settings: LazySettings) -> RedisServer:
    settings.REDIS_URL = redis_server.url
    return redis_server


@pytest.mark.django_db(transaction=True)
def test_redis_counts_when_there_is_one(in_redis: RedisServer) -> None:
    passed = passes_together(GUESSES, "alice", threads=8, each=5)

    assert passed == MOST
    assert not RateCount.objects.exists()
    with in_redis.client() as client:
        [key] = client.keys("dubbing:rate:*")
        assert 0 < client.ttl(key) <= GUESSES.allowance.within_s


@pytest.mark.django_db(transaction=True)
def test_giving_back_in_redis_leaves_no_count_without_an_end(in_redis: RedisServer) -> None:
    give_back(GUESSES, "alice")
    take(GUESSES, "alice")
    give_back(GUESSES, "alice")

    with in_redis.client() as client:
        [key] = client.keys("dubbing:rate:*")
        assert client.get(key) == b"0"
        assert client.ttl(key) > 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_the_database_counts_while_redis_is_away(in_redis: RedisServer, fault: str) -> None:
    take(GUESSES, "alice")
    getattr(in_redis, fault)()
    try:
        started_s = time.monotonic()
        take(GUESSES, "alice")
        took_s = time.monotonic() - started_s

        passed = passes(GUESSES, "alice", 2 * MOST)
    finally:
        in_redis.thaw()

    assert took_s < 10  # half a second of it waiting for Redis
    assert passed == MOST - 1
    assert RateCount.objects.count() == 1
