"""Reads what apertium has installed: its mode files say which commands translate a pair."""

from __future__ import annotations

import os
import shlex
import shutil
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.languages import canonical, primary

DEFAULT_DATA_DIR = Path("/usr/share/apertium")
MAX_HOPS = 3  # each hop loses words; more is not a translation any more

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Mode:
    """One pair's mode file."""

    source: str
    target: str
    path: Path

    def commands(self) -> list[list[str]]:
        """The chain as argv lists, each flushing its output at every NUL byte (`-z`).

        `$1` asks the generator for a mark on unknown words, `$2` the tagger for all analyses: neither is
        wanted in speech. Raises ValueError for a file that is not a chain of commands.
        """
        chain: list[list[str]] = []
        for command in _split(shlex.split(self.path.read_text("utf-8"))):
            program, *arguments = command
            chain.append([program, "-z", *("-n" if each == "$1" else each for each in arguments if each != "$2")])
        return chain


def data_dir() -> Path:
    """Where the installation keeps its pairs; APERTIUM_DATADIR moves it, as it does for apertium itself."""
    return Path(os.environ.get("APERTIUM_DATADIR") or DEFAULT_DATA_DIR)


def installed(folder: Path) -> Mapping[Pair, Mode]:
    """The usable pairs under `folder`, by canonical languages."""
    modes = folder / "modes"
    try:
        changed_ns = modes.stat().st_mtime_ns
    except OSError:
        return {}
    return _installed(modes, changed_ns)


def shortest_route(pairs: Mapping[Pair, Mode], source: str, target: str) -> tuple[str, ...] | None:
    """Breadth first, so with the fewest hops, at most MAX_HOPS; regions are ignored."""
    return _routes(pairs, primary(source)).get(primary(target))


def reachable(pairs: Mapping[Pair, Mode], source: str) -> tuple[str, ...]:
    start = primary(source)
    return tuple(sorted(code for code in _routes(pairs, start) if code != start))


def _routes(pairs: Mapping[Pair, Mode], source: str) -> dict[str, tuple[str, ...]]:
    routes: dict[str, tuple[str, ...]] = {source: (source,)}
    waiting = deque([source])
    while waiting:
        here = waiting.popleft()
        if len(routes[here]) > MAX_HOPS:
            continue
        for start, end in sorted(pairs):
            if start == here and end not in routes:
                routes[end] = (*routes[here], end)
                waiting.append(end)
    del routes[source]
    return routes


@cache
def _installed(modes: Path, changed_ns: int) -> Mapping[Pair, Mode]:
    """Plain pairs win over variants (`eng-cat_valencia`), which count only where they are all there is."""
    found: dict[Pair, Mode] = {}
    for path in sorted(modes.glob("*.mode"), key=lambda path: ("_" in path.stem, path.stem)):
        mode = _mode(path)
        if mode is not None and (mode.source, mode.target) not in found:
            found[mode.source, mode.target] = mode
    return found


def _mode(path: Path) -> Mode | None:
    """None for a debugging mode (`eng-spa-tagger`), no language, or a chain that cannot start."""
    names = path.stem.split("-")
    if len(names) != 2:
        return None
    source, target = (canonical(each.partition("_")[0]) for each in names)
    if source is None or target is None:
        return None
    mode = Mode(primary(source), primary(target), path)
    try:
        commands = mode.commands()
    except (OSError, ValueError):
        return None
    return mode if commands and all(shutil.which(command[0]) for command in commands) else None


def _split(words: list[str]) -> list[list[str]]:
    """Raises ValueError for an empty command: the file is cut short."""
    chain: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            chain.append([])
        else:
            chain[-1].append(word)
    if not all(chain):
        raise ValueError("a command is missing between two bars")
    return chain
