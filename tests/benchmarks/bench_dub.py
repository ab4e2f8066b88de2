"""`make bench-dub`: a long talk through the embedded engines: time a stage, time outside engines, memory.

Prints a table and writes build/bench/dub.json. Figures are compared with what the same run could reach at best: the
processor time of the engines and of ffmpeg, shared by all cores.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.talk import make_talk

SAMPLE_S = 0.05
MEMORY_EVERY = 10  # samples: reading the proportional set size is slow
IDLE_SHARE = 0.1  # a process below this share of one core is not working
BUILD = Path("build/bench")


@dataclass
class Watch:
    """Follows a process and its children: proportional memory, and when anything but the program itself works."""

    pid: int
    peak_mib: float = 0.0
    outside_s: float = 0.0
    wall_s: float = 0.0
    engine_cpu_s: float = 0.0
    own_cpu_s: float = 0.0

    def follow(self, done: threading.Event) -> None:
        started = last = time.monotonic()
        count = 0
        while not done.wait(SAMPLE_S):
            now = time.monotonic()
            worked_s = self._children_worked_s()
            if worked_s < IDLE_SHARE * (now - last):
                self.outside_s += now - last
            last = now
            count += 1
            if count % MEMORY_EVERY == 0:
                self.peak_mib = max(self.peak_mib, self._memory_mib())
        self.wall_s = time.monotonic() - started

    def _children_worked_s(self) -> float:
        """Processor seconds the children used since the last call: those that ended and those that run."""
        before = self.engine_cpu_s
        try:
            main = psutil.Process(self.pid)
            own = main.cpu_times()
            running = sum(sum(child.cpu_times()[:2]) for child in main.children(recursive=True))
        except psutil.Error:
            return 0.0
        self.own_cpu_s = own.user + own.system
        self.engine_cpu_s = max(before, own.children_user + own.children_system + running)
        return self.engine_cpu_s - before

    def _memory_mib(self) -> float:
        total = 0
        try:
            main = psutil.Process(self.pid)
            for process in [main, *main.children(recursive=True)]:
                total += process.memory_full_info().pss
        except psutil.Error:
            return 0.0
        return total / 2**20


def dub_talk(minutes: float, mode: str, speech_dir: Path | None) -> dict[str, Any]:
    folder = BUILD / f"talk-{minutes:g}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = make_talk(folder / "talk.mp4", minutes, speech_dir)
    command = [sys.executable, "-m", "pipeline.cli", str(source), "--to", "es", "--mode", mode, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    watch, done = Watch(process.pid), threading.Event()
    watcher = threading.Thread(target=watch.follow, args=(done,))
    watcher.start()
    lines = process.stdout.read().splitlines()
    status = process.wait()
    done.set()
    watcher.join()
    if status != 0:
        raise SystemExit(f"the dub failed: {lines[-1:]}")
    summary = json.loads(lines[-1])["data"]["summary"]
    shutil.rmtree(folder)
    return {"mode": mode} | report(minutes, summary, watch)


def report(minutes: float, summary: dict[str, Any], watch: Watch) -> dict[str, Any]:
    length_s = summary["source_s"]
    return {
        "minutes": minutes,
        "cores": os.cpu_count(),
        "wall_s": round(watch.wall_s, 1),
        "times_realtime": round(watch.wall_s / length_s, 4),
        "engine_cpu_s": round(watch.engine_cpu_s, 1),
        "own_cpu_s": round(watch.own_cpu_s, 1),
        "wall_over_engine_limit": round(watch.wall_s / (watch.engine_cpu_s / (os.cpu_count() or 1)), 3),
        "outside_share": round(watch.outside_s / watch.wall_s, 4),
        "peak_mib": round(watch.peak_mib, 1),
        "stages": summary["stages"],
        "fit": {key: summary["fit"][key] for key in ("segments", "onsets_within", "rate_median", "rate_max")},
    }


def help_s(runs: int = 9) -> float:
    """Median seconds until `dub --help` has answered."""
    dub = str(Path(sys.executable).with_name("dub"))
    taken = []
    for _ in range(runs):
        started = time.monotonic()
        subprocess.run([dub, "--help"], check=True, stdout=subprocess.DEVNULL)
        taken.append(time.monotonic() - started)
    return statistics.median(taken)


def print_table(results: list[dict[str, Any]], help_median_s: float) -> None:
    keys = [key for key in results[0] if key not in {"stages", "fit"}]
    for key in keys:
        print(f"{key:<24}", *(f"{result[key]:>12}" for result in results))
    for stage in results[0]["stages"]:
        print(f"{'  ' + stage + ' s':<24}", *(f"{result['stages'][stage]:>12.1f}" for result in results))
    for key in results[0]["fit"]:
        print(f"{'  ' + key:<24}", *(f"{result['fit'][key]:>12.3f}" for result in results))
    print(f"{'dub --help s':<24} {help_median_s:>12.3f}")
    print("goals: times_realtime ≤ 0.15, outside_share < 0.10, peak_mib < 600 and flat, dub --help < 0.3 s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=[10.0])
    parser.add_argument("--mode", choices=["low", "medium", "high"], default="medium")
    parser.add_argument("--speech", type=Path, help="folder of FLAC clips of real speech to mix in")
    arguments = parser.parse_args()
    speech_dir = arguments.speech if arguments.speech and arguments.speech.is_dir() else None
    results = [dub_talk(minutes, arguments.mode, speech_dir) for minutes in arguments.minutes]
    help_median_s = help_s()
    print_table(results, help_median_s)
    (BUILD / "dub.json").write_text(json.dumps({"talks": results, "help_s": help_median_s}, indent=1))


if __name__ == "__main__":
    main()
