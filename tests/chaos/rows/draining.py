"""The cluster is told to stop under load, its master alone or the whole group; then the site while users submit."""

from __future__ import annotations

import http.client
import json
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.test import Client

from jobs.models import JobEvent, Shard, ShardState
from tests.chaos import oracle, processes
from tests.chaos.behaviours import Behaviour, Script
from tests.chaos.row import Outcome, Scale
from tests.chaos.site import Site
from tests.chaos.submitting import submit, user
from tests.chaos.waiting import holds_within, wait_until
from tests.factories import make_upload
from tests.servers import free_port

MARGIN_S = 5.0
SLOTS = 3
UP_WITHIN_S = 60.0
WAITED_S = 90.0
ENDS_WITHIN_S = 600.0
LOAD = Script(Behaviour.STEADY, "transcribe", 2.0)


class Told(StrEnum):
    MASTER = "master"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Drained:
    told: Told
    took_s: float
    status: int | None


def run(site: Site, scale: Scale) -> Outcome:
    supervisor = site.start("supervise")
    jobs = [submit(LOAD).job for _ in range(scale.of(full=60, short=6))]
    drained = [_drain(site, told) for told in list(Told) * scale.of(full=5, short=1)]
    last = site.start("worker", WORKERS=str(SLOTS))
    wait_until(lambda: oracle.are_over(jobs), "every job ended", ENDS_WITHIN_S)
    verdict = oracle.judge(site, jobs)
    recounted = Shard.objects.filter(state=ShardState.DONE).exclude(attempts=1).count()
    reasons = Counter(JobEvent.objects.filter(message__endswith="Trying again.").values_list("message", flat=True))
    for part in (last, supervisor):
        site.stop(part)
    refused = _submit_while_it_drains(site)
    slowest = max(each.took_s for each in drained)
    figure = (
        f"{len(drained)} drains, slowest {slowest:.1f} s (grace {settings.DRAIN_SECONDS} s), {recounted} attempts "
        f"counted, {refused}; {verdict}"
    )
    in_order = slowest <= settings.DRAIN_SECONDS + MARGIN_S and all(each.status == 0 for each in drained)
    holds = in_order and not recounted and refused == REFUSED and verdict.is_clean
    statuses = tuple(f"{each.told}: status {each.status}" for each in drained if each.status != 0)
    counted_for = tuple(f"{count} × {reason}" for reason, count in reasons.items())
    return Outcome(holds, figure, {"slowest_s": slowest}, (*statuses, *counted_for, *verdict.details()))


def _drain(site: Site, told: Told) -> Drained:
    cluster = site.start("worker", WORKERS=str(SLOTS))
    wait_until(lambda: _running() == SLOTS, "all slots are at work", UP_WITHIN_S)
    family = processes.family(cluster.process)
    began_s = time.monotonic()
    if told == Told.MASTER:
        processes.send(cluster.pid, signal.SIGTERM)
    else:
        processes.send_to_group(cluster.pid, signal.SIGTERM)
    is_out = holds_within(lambda: cluster.has_ended and not processes.any_alive(family), WAITED_S)
    took_s = time.monotonic() - began_s
    return Drained(told, took_s, cluster.process.returncode if is_out else None)


def _running() -> int:
    return Shard.objects.filter(state=ShardState.RUNNING).count()


REFUSED = "submissions meanwhile answered 503 with Retry-After"


def _submit_while_it_drains(site: Site) -> str:
    """What a user's submission is told between SIGTERM and the end of the web server."""
    port = free_port()
    launcher = site.run([sys.executable, "-m", "dubbing_site.launcher"], WORKERS="1", PORT=str(port))
    caller = Caller(port)
    wait_until(lambda: caller.get("/healthz") == 200, "the site is up", UP_WITHIN_S)
    job = submit(Script(Behaviour.NATIVE_HANG, "extract")).job  # keeps the drain going for a while
    wait_until(lambda: Shard.objects.filter(job=job, state=ShardState.RUNNING).exists(), "it is at work", UP_WITHIN_S)
    answered = caller.submit()
    processes.send(launcher.pid, signal.SIGTERM)
    told: list[str] = []
    while not launcher.has_ended:
        told.append(caller.submit())
    if not answered.startswith("201"):
        return f"a submission before was answered {answered}"
    words = {each for each in told if each not in ("", answered[:3])}
    return REFUSED if words == {"503 with Retry-After"} else f"submissions meanwhile answered {sorted(words)}"


class Caller:
    """A signed-in browser, as far as the API can tell."""

    def __init__(self, port: int) -> None:
        self._port = port
        client = Client()
        client.force_login(user("alice"))
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        token = "c" * 32
        self._headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={token}",
            "X-CSRFToken": token,
            "Content-Type": "application/json",
        }
        upload: UUID = make_upload(user("alice"), LOAD.name).id
        self._body = json.dumps({"upload": str(upload), "target_language": "es"})

    def get(self, path: str) -> int:
        return self._ask("GET", path)[0]

    def submit(self) -> str:
        """The status, and whether it says when to come again; empty when nobody answers."""
        status, retry_after = self._ask("POST", "/api/jobs", self._body)
        if not status:
            return ""
        return f"{status}{' with Retry-After' if retry_after else ''}"

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str | None]:
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            link.request(method, path, body, self._headers)
            answer = link.getresponse()
            return answer.status, answer.getheader("Retry-After")
        except OSError:
            return 0, None
        finally:
            link.close()
