"""On PostgreSQL a doorbell wakes at once: the workers listen, and look now and then in case they did not hear."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import PostgresServer
from tests.web.conftest import child_environment

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PROMISED_S = 0.06
LISTENER = """
import json, sys, time
import django
django.setup()
from jobs.transport.broker import DoorbellBroker
broker = DoorbellBroker("cpu")
print("ready", flush=True)
while True:
    for _nothing, package in broker.dequeue():
        print(json.dumps([package, time.time()]), flush=True)
"""
RINGER = """
import json, sys, time
import django
django.setup()
from django.db import connection, transaction
from jobs.transport.broker import DoorbellBroker
broker = DoorbellBroker("cpu")
for line in sys.stdin:
    with transaction.atomic():
        broker.enqueue(line.strip())
        committed = time.time()
    print(json.dumps(committed), flush=True)
"""


@pytest.fixture
def environment(postgres_server: PostgresServer, data_dir: Path) -> dict[str, str]:
    url = postgres_server.database("doorbells")
    made = child_environment(data_dir) | {"DATABASE_URL": url}
    subprocess.run([sys.executable, "-m", "django", "migrate", "--verbosity", "0"], env=made, check=True)
    return made


@pytest.fixture
def listener(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    yield from running(LISTENER, environment)


@pytest.fixture
def ringer(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    yield from running(RINGER, environment)


def running(code: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process
        process.kill()


def test_a_doorbell_is_heard_within_moments(listener: subprocess.Popen[str], ringer: subprocess.Popen[str]) -> None:
    assert said_by(listener) == "ready\n"

    waits_s = []
    for number in range(10):
        tell(ringer, f"ring {number}\n")
        committed_s = json.loads(said_by(ringer))
        package, heard_s = json.loads(said_by(listener))
        assert package == f"ring {number}"
        waits_s.append(heard_s - committed_s)

    assert statistics.median(waits_s) < PROMISED_S


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin
    process.stdin.write(line)
    process.stdin.flush()


def said_by(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()
