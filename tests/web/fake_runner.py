"""A runner that speaks the protocol of `pipeline.runner` and misbehaves on request: `fake_runner.py BEHAVIOUR`."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

STAGES = ("extract", "transcribe", "diarize", "translate", "synthesize", "separate", "mix", "export")


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "alive" not in request:
            BEHAVIOURS[sys.argv[1]](request)


def say(request: dict[str, Any], kind: str, **fields: Any) -> None:
    print(json.dumps({"id": request["id"], "kind": kind, **fields}), flush=True)


def stage(request: dict[str, Any], name: str) -> None:
    say(request, "stage_started", stage=name, level="info", message="", data={})
    for tenth in range(11):
        say(request, "stage_progress", stage=name, level="info", message="", data={"fraction": tenth / 10})
    say(request, "log", stage=name, level="info", message=f"{name} says hello", data={})
    say(request, "stage_finished", stage=name, level="info", message="", data={"duration_s": 0.1, "reused": False})


def finish(request: dict[str, Any]) -> None:
    output = Path(request["output_dir"])
    output.mkdir(parents=True, exist_ok=True)
    contents = {"mp4": ("source.es.mp4", b"a film"), "srt_target": ("source.es.srt", b"1\n")}
    artifacts, digests = {}, {}
    for kind, (name, content) in contents.items():
        (output / name).write_bytes(content)
        artifacts[kind] = str(output / name)
        digests[kind] = hashlib.sha256(content).hexdigest()
    languages = {"source": "en", "target": request["settings"]["target_language"]}
    summary = {"languages": languages, "stages": dict.fromkeys(STAGES, 0.1)}
    data = {"output_dir": str(output), "artifacts": artifacts, "sha256": digests, "summary": summary}
    say(request, "result", data=data)


def good(request: dict[str, Any]) -> None:
    """Splits into three parts, and does whatever else it is asked."""
    if request["kind"] == "split":
        say(request, "result", data={"parts": [{"number": number} for number in range(3)]})
    elif request["kind"] == "part":
        say(request, "part_progress", stage=request["stage"], level="info", message="", data={"fraction": 0.5})
        say(request, "log", stage=request["stage"], level="info", message=f"part {request['request']}", data={})
        say(request, "result", data={"made": 1})
    else:
        stage(request, request["stage"])
        if request["stage"] == STAGES[-1]:
            finish(request)
        else:
            say(request, "result", data={"stage": request["stage"], "duration_s": 0.1, "reused": False})


def refuse(request: dict[str, Any]) -> None:
    stage(request, "extract")
    say(request, "error", message="nobody speaks in talk.mp4", data={"code": "input.no_speech"})


def crash(request: dict[str, Any]) -> None:
    say(request, "stage_started", stage="extract", level="info", message="", data={})
    print("a native library fell over", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGSEGV)


def crash_once(request: dict[str, Any]) -> None:
    mark = Path(request["workspace_dir"]) / "tried"
    if mark.exists():
        good(request)
        return
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    crash(request)


def quit_early(request: dict[str, Any]) -> None:
    stage(request, "extract")
    sys.exit()


def babble(request: dict[str, Any]) -> None:
    """Lines that are no messages, messages that are no events, and somebody else's, around a good dub."""
    sys.stdout.buffer.write(b"\xff\xfe not text\n" + b"x" * 3_000_000 + b"\n[1, 2]\n{}\n")
    say(request, "state", data={"state": "done"})
    say(request, "stage_progress", stage="mix", data={"fraction": "much"})
    say(request, "stage_progress", stage="mix", data={"fraction": 7})
    say(request, "stage_started", stage="cooking", data={})
    say(request, "log", level="scream", message="?", data={})
    say({"id": "somebody else"}, "error", message="not ours", data={"code": "input"})
    good(request)


def lie(request: dict[str, Any]) -> None:
    if request["stage"] != STAGES[-1]:
        good(request)
        return
    data = {"artifacts": {"mp4": "/nonexistent/film.mp4"}, "summary": {}}
    say(request, "result", data=data)


def hang(request: dict[str, Any]) -> None:
    """Deaf to SIGTERM, with a child of its own; only the end of its process group ends it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say(request, "stage_started", stage="extract", level="info", message="", data={})
    child = os.fork()
    if child:
        say(request, "log", stage="extract", level="info", message=f"pids {os.getpid()} {child}", data={})
    while True:
        time.sleep(60)


def talk(request: dict[str, Any]) -> None:
    """Never ends, always says something; SIGTERM ends it."""
    say(request, "stage_started", stage="extract", level="info", message="", data={})
    while True:
        say(request, "stage_progress", stage="extract", level="info", message="", data={"fraction": 0.5})
        time.sleep(0.005)


BEHAVIOURS = {
    function.__name__: function for function in (good, refuse, crash, crash_once, quit_early, babble, lie, hang, talk)
}

if __name__ == "__main__":
    main()
