"""What a doorbell can make a worker do in a test: leave a mark, or stay busy."""

from __future__ import annotations

import os
import time
from pathlib import Path

from jobs import drain

LOOK_AGAIN_S = 0.02


def answer(marks: str) -> None:
    with Path(marks).open("a") as file:
        file.write(f"{os.getpid()}\n")


def stay(marks: str) -> None:
    """Until the cluster drains."""
    answer(marks)
    while not drain.is_requested():
        time.sleep(LOOK_AGAIN_S)
