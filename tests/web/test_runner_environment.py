"""What a runner and its tools, which open strangers' files, know of the server's secrets: the voice memory's keys."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings

from jobs import warm
from jobs.runner_process import Request, RunnerProcess
from pipeline.settings import DubSettings
from pipeline.speakers import KEY_SETTING
from pipeline.speakers.memory import Appearance, VoiceMemory
from tests.vault.rings import ring, written
from tests.web.conftest import wait_until

TELLING = """
import json, os, sys
request = json.loads(sys.stdin.readline())
print(json.dumps({"id": request["id"], "kind": "result", "data": dict(os.environ)}), flush=True)
"""


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in warm.SECRETS:
        monkeypatch.setenv(name, f"the secret of {name}")
    monkeypatch.setenv("ENCRYPTION_KEYS", written("a"))


def told_environment(tmp_path: Path) -> dict[str, str]:
    """Of a real runner process."""
    request = Request("1", tmp_path, DubSettings(target_language="es"), tmp_path, tmp_path, "talk.mp4")
    answers: list[dict[str, dict[str, str]]] = []
    with RunnerProcess([sys.executable, "-c", TELLING], warm.environment()) as runner:

        def has_answered() -> bool:
            answers.extend(runner.messages())
            return bool(answers)

        runner.begin(request)
        wait_until(has_answered, "the runner answers")
    return answers[0]["data"]


@pytest.mark.usefixtures("secrets")
def test_a_runner_has_none_of_the_servers_secrets(tmp_path: Path, settings: LazySettings) -> None:
    settings.ENCRYPTION_KEY_RING = ring("a")

    environment = told_environment(tmp_path)

    assert warm.SECRETS & environment.keys() == set()
    assert "the secret of" not in json.dumps(environment)
    assert written("a").partition(":")[2] not in json.dumps(environment)
    assert environment["PATH"]


def test_a_voice_memory_follows_the_keys_from_one_to_the_next(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_SETTING, "")
    seen = Appearance("one", "S1", (1.0, 0.0), 10.0, name="Anna")
    settings.ENCRYPTION_KEY_RING = ring("a")
    VoiceMemory(tmp_path, warm.environment()[KEY_SETTING].split()).learn(seen)

    settings.ENCRYPTION_KEY_RING = ring("b", "a")
    VoiceMemory(tmp_path, warm.environment()[KEY_SETTING].split()).rotate()

    settings.ENCRYPTION_KEY_RING = ring("b")
    memory = VoiceMemory(tmp_path, warm.environment()[KEY_SETTING].split())
    assert [each.name for each in memory.characters()] == ["Anna"]


def test_without_encryption_keys_the_voice_memorys_own_stay_as_they_are(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENCRYPTION_KEY_RING = None
    monkeypatch.setenv(KEY_SETTING, "set by hand")

    assert warm.environment()[KEY_SETTING] == "set by hand"
