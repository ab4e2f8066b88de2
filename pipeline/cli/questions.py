"""`dub doctor`, `dub engines` and `dub languages`: what this machine can do."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from pipeline.egress import own_network
from pipeline.engines import registry
from pipeline.engines.base import Engine, EngineKind

NEEDED_FILTERS = ("rubberband", "alimiter", "aresample")


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    is_ready: bool
    says: str
    fix: str = ""


def doctor(*, as_json: bool) -> int:
    """Exit status 0 when a dub can be made here with at least one engine of each kind, else 2."""
    tools = [_ffmpeg(), _ffprobe()]
    groups = {kind.value: [_engine(engine) for engine in registry.engines(kind)] for kind in EngineKind}
    can_dub = all(check.is_ready for check in tools) and all(
        any(check.is_ready for check in checks) for checks in groups.values()
    )
    every = {"tools": tools} | groups | {"privacy": [_own_network()]}
    if as_json:
        print(json.dumps({"can_dub": can_dub, "checks": _as_json(every)}, ensure_ascii=False))
        return 0 if can_dub else 2
    for group, checks in every.items():
        print(f"{group}:")
        for check in checks:
            print(f"  {'ready  ' if check.is_ready else 'missing'}  {check.name:<16} {check.says}")
            if check.fix:
                print(f"{'':27} to fix it: {check.fix}")
    print("This machine can dub." if can_dub else "This machine cannot dub yet; mend what is missing above.")
    return 0 if can_dub else 2


def engines(*, as_json: bool) -> int:
    every = [engine for kind in EngineKind for engine in registry.engines(kind)]
    rows = [(engine.kind.value, engine.name, _engine(engine)) for engine in every]
    if as_json:
        print(json.dumps([{"kind": kind, "name": name, "is_ready": check.is_ready} for kind, name, check in rows]))
        return 0
    for kind, name, check in rows:
        print(f"{kind:<12} {name:<16} {'ready' if check.is_ready else 'not ready: ' + check.says}")
    return 0


def languages(*, as_json: bool) -> int:
    known = registry.target_languages()
    if as_json:
        print(json.dumps([{"code": each.code, "name": each.name} for each in known], ensure_ascii=False))
        return 0
    for each in known:
        print(f"{each.code:<10} {each.name}")
    return 0


def _as_json(groups: dict[str, list[Check]]) -> dict[str, list[dict[str, Any]]]:
    return {
        group: [{"name": each.name, "is_ready": each.is_ready, "says": each.says, "fix": each.fix} for each in checks]
        for group, checks in groups.items()
    }


def _engine(engine: Engine) -> Check:
    state = registry.readiness(engine)
    return Check(engine.name, state.is_ready, engine.version() if state.is_ready else state.reason, state.fix)


def _own_network() -> Check:
    """Of the server: `dub` itself leaves the network alone."""
    if own_network():
        return Check("own network", True, "a server's dubs can be kept off every network")
    fix = "let this user make namespaces: sysctl user.max_user_namespaces, or the container's seccomp profile"
    return Check("own network", False, "a server's dubs are kept off the network by Python alone", fix)


def _ffmpeg() -> Check:
    if shutil.which("ffmpeg") is None:
        return Check("ffmpeg", False, "not installed", "apt-get install ffmpeg")
    told = subprocess.run(
        ["ffmpeg", "-hide_banner", "-filters"], capture_output=True, text=True, check=False, timeout=30
    )
    missing = [name for name in NEEDED_FILTERS if f" {name} " not in told.stdout]
    if missing:
        return Check("ffmpeg", False, f"built without {', '.join(missing)}", "apt-get install ffmpeg")
    return Check("ffmpeg", True, shutil.which("ffmpeg") or "")


def _ffprobe() -> Check:
    path = shutil.which("ffprobe")
    return Check("ffprobe", path is not None, path or "not installed", "" if path else "apt-get install ffmpeg")
