"""django-q2's cluster, made to heal: master → sentinel → pusher, monitor and workers.

Whichever of them is killed, the rest goes on or goes with it: they share nothing that a killed process can leave
locked, and die with the process above them. SIGTERM to the master drains; the others leave it to the master, also
when the whole group is told.
"""

from __future__ import annotations

import multiprocessing
import signal
import uuid
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

import structlog
from django.db import Error as DatabaseAway
from django.db import connections
from django_q import cluster as q2
from django_q.conf import Conf
from django_q.signing import BadSignature, SignedPackage
from django_q.worker import worker

from jobs import drain
from jobs.transport.broker import DoorbellBroker
from jobs.transport.shared import IDLE, Board, Flag, ResultQueue, SlotTasks, SlotTimer, TaskQueue

logger = structlog.get_logger(__name__)
SLOT_WAIT_S = 0.1
DATABASE_RETRY_S = 0.5
WORKER_ENDED_AS = {IDLE: "idle", 0.0: "timed out", -2.0: "worn"}  # django-q2's timer values
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Cluster(q2.Cluster):
    def __init__(self, broker: DoorbellBroker, slots: int) -> None:
        super().__init__(broker)
        self.stop_event, self.start_event = Flag(), Flag()
        self.board = Board(slots)
        self.task_queue = TaskQueue(slots)

    def start(self) -> int:
        self.sentinel = multiprocessing.get_context("fork").Process(
            target=Sentinel, args=(self,), name=f"Process-{uuid.uuid4().hex}"
        )
        self.sentinel.start()
        logger.info("cluster_started", queues=self.broker.list_key, slots=self.board.slots)
        return int(self.pid)

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        """Running shards are given back at their checkpoint; the sentinel then ends as django-q2 does."""
        drain.request()
        if self.stop_event is not None:  # a signal may come before there is anything to stop
            self.stop_event.set()

    def kill(self) -> None:
        """The sentinel; all others go with it."""
        self.sentinel.kill()
        self.sentinel.join()


class Sentinel(q2.Sentinel):
    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster.stop_event, cluster.start_event, cluster.cluster_id, cluster.broker, start=False)
        for number in STOP_SIGNALS:
            signal.signal(number, leave_it_to_the_master)
        self.board = cluster.board
        self.pool_size = cluster.board.slots
        self.task_queue = cluster.task_queue
        self.result_queue = ResultQueue()
        self.event_out = Flag()
        self.start()

    def spawn_worker(self) -> None:
        taken = {process.timer.slot for process in self.pool}
        slot = next(slot for slot in range(self.pool_size) if slot not in taken)
        timer = SlotTimer(self.board, slot)
        timer.value = IDLE
        process = self.spawn_process(worker, SlotTasks(self.task_queue, slot), self.result_queue, timer, self.timeout)
        self.board.pids[slot] = process.pid

    def spawn_pusher(self) -> BaseProcess:
        process: BaseProcess = self.spawn_process(carry, self.task_queue, self.event_out, self.broker)
        self.board.pusher_pid = process.pid or 0
        return process

    def reincarnate(self, process: Any) -> None:
        if process not in self.pool:
            super().reincarnate(process)
            return
        timer = process.timer.value  # before its slot is given to the next
        connections.close_all()  # not to be shared with what is forked now
        process.kill()  # django-q2 also asks for this when a task took too long
        process.join()
        self.task_queue.forget(process.timer.slot)
        self.pool.remove(process)
        self.spawn_worker()
        self.reincarnations += 1
        logger.warning("worker_replaced", was=WORKER_ENDED_AS.get(timer, "busy"), exit_code=process.exitcode)


def leave_it_to_the_master(signum: int, frame: FrameType | None) -> None:
    """Not SIG_IGN, which programs started from here would inherit."""


def carry(tasks: TaskQueue, stop: Flag, broker: DoorbellBroker) -> None:
    """The pusher: takes a doorbell when a worker is ready for one, and not before."""
    while not stop.is_set():
        slot = tasks.wait_for_slot(SLOT_WAIT_S)
        if slot is None:
            continue
        try:
            doorbells = broker.dequeue()
        except DatabaseAway as error:
            logger.error("doorbells_not_read", error=str(error))
            connections.close_all()
            stop.wait(DATABASE_RETRY_S)
            continue
        for _nothing, package in doorbells:
            hand_over(package, tasks, slot)


def hand_over(package: str, tasks: TaskQueue, slot: int) -> None:
    try:
        task: dict[str, Any] = SignedPackage.loads(package)
    except (TypeError, BadSignature):
        logger.warning("doorbell_not_ours")
        return
    tasks.give(slot, task | {"cluster": Conf.CLUSTER_NAME, "ack_id": None})
