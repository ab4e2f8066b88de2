"""From the upload to the published file with the real pipeline, through the real worker code."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from jobs import dispatch, tasks
from jobs.models import JobState, StageState
from library.models import Dub
from pipeline.progress import StageName
from pipeline.settings import DubSettings
from uploads.services import receive


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_uploaded_video_becomes_a_dub_in_spanish(alice: User, spoken_clip: Path) -> None:
    upload = receive(alice, SimpleUploadedFile("my talk.mp4", spoken_clip.read_bytes()))
    job = dispatch.submit(alice, upload, DubSettings(target_language="es"))

    assert tasks.work() == len(StageName)

    job.refresh_from_db()
    assert (job.state, job.error_message) == (JobState.DONE, "")
    assert [(stage.name, stage.state) for stage in job.stages.all()] == [(name, StageState.DONE) for name in StageName]
    dub = Dub.objects.get(job_id=job.id)
    assert {"mp4", "mkv", "srt_source", "srt_target", "vtt_source", "vtt_target", "manifest", "summary"} <= {
        artifact.kind for artifact in dub.artifacts.all()
    }
    film = dub.artifacts.get(kind="mp4")
    assert film.name == "my talk.es.mp4"
    assert audio_languages(film.path) == ["spa", "eng"]


def audio_languages(path: Path) -> list[str]:
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-select_streams", "a", str(path)]
    streams = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"]
    return [stream["tags"]["language"] for stream in streams]
