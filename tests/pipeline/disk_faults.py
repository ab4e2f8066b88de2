"""Runs one stage over and over, each time with another write refused, and tells what came of it: a program, so that the
fault sits in its own processes and in the tools they start.

`disk_faults SOURCE ROOT STAGE`, then on stdin one JSON line a run: {"refuse": number of the write or 0, "errno": …}.
Answers {"writes": how many there were, "code": of the error or null, "message": …, "fault": traceback of what is no
DubbingError}. ROOT holds `work` and `out`.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import sys
import traceback
from pathlib import Path
from unittest.mock import patch

from pipeline.dub import run_stage
from pipeline.errors import DubbingError
from pipeline.order import Order
from pipeline.progress import CancelToken, Event, StageName
from pipeline.settings import DubSettings

ASKED = DubSettings("es", stems=True)
CONTROL = struct.Struct("lll")


class Unheard:
    def emit(self, event: Event) -> None:
        pass


def main() -> None:
    source, root, stage = Path(sys.argv[1]), Path(sys.argv[2]), StageName(sys.argv[3])
    order = Order(source, ASKED, root / "out", root / "work", workers=1)
    order.plan()
    # What the check beforehand would refuse is what is looked for here.
    with (
        patch("pipeline.build.require_space"),
        open(os.environ["FAULTS_CONTROL"], "r+b") as file,
        mmap.mmap(file.fileno(), CONTROL.size) as control,
    ):
        for line in sys.stdin:
            asked = json.loads(line)
            CONTROL.pack_into(control, 0, 0, asked["refuse"], asked["errno"])
            print(json.dumps(_in_a_child(order, stage) | {"writes": CONTROL.unpack_from(control)[0]}), flush=True)


def _in_a_child(order: Order, stage: StageName) -> dict[str, object]:
    """The imports are paid once; what a run leaves in memory goes with it."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, json.dumps(_run(order, stage)).encode())
        os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    answer: dict[str, object] = json.loads(said)
    return answer


def _run(order: Order, stage: StageName) -> dict[str, object]:
    try:
        run_stage(order, stage, Unheard(), CancelToken())
    except DubbingError as error:
        return {"code": error.code, "message": str(error), "fault": None}
    except Exception:
        return {"code": "fault", "message": "", "fault": traceback.format_exc()}
    return {"code": None, "message": "", "fault": None}


if __name__ == "__main__":
    main()
