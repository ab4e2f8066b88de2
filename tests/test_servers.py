"""The real servers that tests use: they start, can be hurt, and come back."""

from __future__ import annotations

import psycopg

from tests.servers import PostgresServer, RedisServer


def test_redis_can_be_frozen_killed_and_emptied(redis_server: RedisServer) -> None:
    redis_server.client().set("kept", 1)

    redis_server.freeze()
    answered_when_frozen = redis_server.answers()
    redis_server.thaw()
    redis_server.flush()

    assert not answered_when_frozen
    assert redis_server.client().get("kept") is None
    redis_server.kill()
    assert not redis_server.answers()
    redis_server.start()
    assert redis_server.answers()


def test_postgresql_keeps_its_data_over_a_crash(postgres_server: PostgresServer) -> None:
    url = postgres_server.database("kept")
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("CREATE TABLE line AS SELECT 1 AS number")

    postgres_server.restart()

    with psycopg.connect(url) as link:
        assert link.execute("SELECT number FROM line").fetchone() == (1,)
