"""Every connection to PostgreSQL gives up a frozen transaction, and is opened in a way that PgBouncer lets through."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import PostgresServer
from tests.web.conftest import child_environment

ASK = """
import json, django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SHOW idle_in_transaction_session_timeout")
    (timeout,) = cursor.fetchone()
print(json.dumps([timeout, connection.connection.info.get_parameters()]))
"""


@pytest.mark.slow
@pytest.mark.django_db
def test_a_frozen_transaction_ends_with_the_lease(postgres_server: PostgresServer, data_dir: Path) -> None:
    url = postgres_server.database("connections")
    environment = child_environment(data_dir) | {"DATABASE_URL": url, "LEASE_SECONDS": "17"}

    told = subprocess.run([sys.executable, "-c", ASK], env=environment, check=True, capture_output=True, text=True)

    timeout, parameters = json.loads(told.stdout)
    assert timeout == "17s"
    assert "options" not in parameters
