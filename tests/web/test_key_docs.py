"""What docs/api.md shows of API keys works as it stands there."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from accounts import keys
from accounts.models import User
from accounts.scopes import Scope
from jobs.models import Job
from tests.web.conftest import RunningServer

DOCS = (Path(__file__).parent.parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
SCOPES = re.findall(r"^\| `([a-z]+(?::[a-z]+)?)` \| ", DOCS.partition("| scope | allows |")[2], re.MULTILINE)


@pytest.mark.django_db(transaction=True)
def test_the_commands_list_jobs_and_start_one_with_a_key(
    alice: User, server: RunningServer, tone_clip: Path, tmp_path: Path
) -> None:
    scopes = [Scope.JOBS_READ, Scope.JOBS_WRITE, Scope.UPLOADS_WRITE]
    key = keys.make_key(alice, "script", scopes, expires_at=None).text
    environment = {"SITE": f"http://{server.address}", "FILM": str(tone_clip), "KEY": key, "PATH": "/usr/bin:/bin"}

    said = [
        subprocess.run(
            ["bash", "-c", "set -eu\n" + command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for command in COMMANDS
    ]

    job = Job.objects.get()
    assert json.loads(said[0])["results"] == []
    assert json.loads(said[1])["id"] == str(job.id)
    assert (job.owner, job.settings["target_language"]) == (alice, "es")


def test_every_scope_is_in_the_table() -> None:
    assert SCOPES[: len(Scope)] == list(Scope)
