"""What a job's name makes the fake runner do at one of its stages: `hang@mix@0.mp4` hangs at the mix."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.progress import CancelToken

STEP_S = 0.05
ALLOCATE_BYTES = 64 * 1024**2


class Behaviour(StrEnum):
    GOOD = "good"
    STEADY = "steady"  # works for a while: `steady@mix@3.mp4` for three seconds
    KILL_ITSELF = "kill"
    OUT_OF_MEMORY = "memory"
    NATIVE_HANG = "hang"  # in C code that holds the interpreter's lock and hears no signal but SIGKILL
    FFMPEG = "ffmpeg"  # a tool that runs for ten minutes


@dataclass(frozen=True, slots=True)
class Script:
    behaviour: Behaviour = Behaviour.GOOD
    stage: str = ""
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """What the job is called."""
        return f"{self.behaviour}@{self.stage}@{self.seconds:g}.mp4"

    @classmethod
    def of(cls, name: str) -> Script:
        behaviour, stage, seconds = name.removesuffix(".mp4").split("@")
        return cls(Behaviour(behaviour), stage, float(seconds))


def misbehave(script: Script, step: Callable[[], None], cancel: CancelToken) -> None:
    """Acts the script at its stage; `step` notes a write and is called before and while something takes time."""
    match script.behaviour:
        case Behaviour.GOOD:
            step()
        case Behaviour.STEADY:
            _work(script.seconds, step)
        case Behaviour.KILL_ITSELF:
            step()
            os.kill(os.getpid(), signal.SIGKILL)
        case Behaviour.OUT_OF_MEMORY:
            step()
            _eat_memory()
        case Behaviour.NATIVE_HANG:
            step()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
            ctypes.PyDLL(None).sleep(600)
        case Behaviour.FFMPEG:
            step()
            _run_ffmpeg(cancel)


def _work(seconds: float, step: Callable[[], None]) -> None:
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        step()
        time.sleep(STEP_S)


def _run_ffmpeg(cancel: CancelToken) -> None:
    """As the stages run it."""
    from pipeline.media import ffmpeg  # only here: it takes longer to import than a tiny job to do

    endless = ["-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-t", "600", "-f", "null", "-"]
    ffmpeg.run(endless, what="the test picture", cancel=cancel)


def _eat_memory() -> None:
    eaten: list[bytearray] = []
    while True:
        eaten.append(bytearray(b"x" * ALLOCATE_BYTES))
        time.sleep(STEP_S)
