"""The real runner, with its protocol, its watch over lease and memory and its heartbeat; only the dubbing is acted."""

from __future__ import annotations

import time
from typing import Any

from pipeline import runner
from pipeline.progress import CancelToken, Event, EventKind, Progress
from tests.chaos.acting import Asked, act


def perform(request: runner.Request, progress: Progress, cancel: CancelToken) -> dict[str, Any]:
    """In the place of `pipeline.runner.perform`."""

    def tell(message: str, data: dict[str, Any]) -> None:
        cancel.raise_if_canceled()
        progress.emit(Event(EventKind.LOG, request.stage, message=message, data=data))

    began_s = time.monotonic()
    order = request.order
    progress.emit(Event(EventKind.STAGE_STARTED, request.stage))
    asked = Asked(request.id, request.kind, request.stage, str(order.name), order.workspace_dir, order.output_dir)
    done = act(asked, tell, cancel)
    took = {"duration_s": time.monotonic() - began_s, "reused": False}
    progress.emit(Event(EventKind.STAGE_FINISHED, request.stage, data=took))
    return done


if __name__ == "__main__":
    runner.perform = perform
    runner.main()
