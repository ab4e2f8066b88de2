"""What docs/uploads.md promises: its commands work as they stand there, and its table has every error."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from accounts.models import User
from dubbing_site.api.problems import STATUS_OF_CODE
from tests.factories import PASSWORD
from tests.web.conftest import RunningServer
from uploads import errors
from uploads.models import Upload, UploadState

DOCS = Path(__file__).parent.parent.parent / "docs" / "uploads.md"
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
ROWS = dict(re.findall(r"^\| `(upload\.\w+)` \| (\d+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
STRICT = "set -eu\n"


def run(script: str, folder: Path, site: RunningServer, film: Path) -> str:
    environment = {"SITE": f"http://{site.address}", "FILM": str(film), "LOGIN": "alice", "PASSWORD": PASSWORD}
    done = subprocess.run(
        ["bash", "-c", STRICT + script],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture
def alice(db: None) -> User:
    """With a password as the server itself would keep it, not as tests do."""
    encoded = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
    return User.objects.create(username="alice", email="alice@example.org", password=encoded)


@pytest.mark.django_db(transaction=True)
def test_the_commands_upload_a_film(alice: User, server: RunningServer, tone_clip: Path, tmp_path: Path) -> None:
    answer = run("".join(COMMANDS), tmp_path, server, tone_clip)

    [upload] = Upload.objects.all()
    assert '"state":"ready"' in answer
    assert (upload.state, upload.name) == (UploadState.READY, tone_clip.name)
    assert upload.sha256 == hashlib.sha256(tone_clip.read_bytes()).hexdigest()
    assert upload.source_path.read_bytes() == tone_clip.read_bytes()


@pytest.mark.django_db(transaction=True)
def test_the_commands_go_on_after_a_break(alice: User, server: RunningServer, tone_clip: Path, tmp_path: Path) -> None:
    sign_in, begin, send, complete = COMMANDS
    in_small_chunks = send.replace("chunk_bytes=8388608", "chunk_bytes=5000")
    broken_off = in_small_chunks.replace("  done\ndone", "  break; done; done")
    run(sign_in + begin + broken_off, tmp_path, server, tone_clip)
    assert Upload.objects.get().received == [[0, 5000]]
    remembered = f"upload={Upload.objects.get().id}\n"

    run(sign_in + remembered + in_small_chunks + complete, tmp_path, server, tone_clip)

    assert Upload.objects.get().source_path.read_bytes() == tone_clip.read_bytes()


def test_every_error_of_uploads_is_listed_with_its_status() -> None:
    codes = {
        error.code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.UploadError) and error.code != "upload"
    }

    elsewhere = {code for code in codes if "import" in code}  # in importing.md
    listed = {code: int(status) for code, status in ROWS.items()}
    assert listed == {code: STATUS_OF_CODE.get(code, 422) for code in codes - elsewhere}
