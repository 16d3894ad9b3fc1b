"""Reviews from queue to decision: each is a task as a whole, a run of the workflow, and a state in the ledger."""

import asyncio
import logging
import time

import hivesight_sdk as hs
from agent_hive.coordination import Hive, Outcome
from agent_hive.events import Outbox
from agent_hive.ledger import Ledger
from agent_hive.pool import StepFailed
from agent_hive.taskqueue import TaskQueue
from agent_hive.work import ORCHESTRATOR_AGENT, BadRequest, Task, Unparsable

log = logging.getLogger(__name__)

WORKFLOW = "code_review"
QUEUE_CAPACITY = 500
DEADLINE_SECONDS = 60.0


class Reviews:
    """Takes tasks in, and has the hive work on as many of them as `run` is running."""

    def __init__(self, hive: Hive, outbox: Outbox) -> None:
        self._hive = hive
        self._outbox = outbox
        self._queue = TaskQueue(QUEUE_CAPACITY, time.monotonic)
        self._running: dict[str, float] = {}
        self.ledger = Ledger()
        hs.expect_agents([ORCHESTRATOR_AGENT])
        hs.expect_workflows([WORKFLOW])

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def running(self) -> int:
        return len(self._running)

    async def submit(self, task: Task) -> None:
        """Queue the task, or raise QueueFull."""
        await self._queue.put(task)
        self.ledger.move(task, "submitted", "waiting")

    async def run(self) -> None:
        """Review one task after the other, for ever."""
        while True:
            task = await self._queue.get()
            self._running[task.id] = time.monotonic()
            with hs.extract(task.headers):
                self.ledger.move(task, "waiting", "running")
                try:
                    await self._review(task)
                except Exception:
                    log.exception("%s failed in a way nobody foresaw", task.submission.name)
                    self._failed(task, "internal error, see the orchestrator's log")
                finally:
                    del self._running[task.id]

    def publish(self) -> None:
        """Set the gauges of the queue, and say that the orchestrator lives."""
        now = time.monotonic()
        hs.heartbeat(ORCHESTRATOR_AGENT)
        hs.record_queue("waiting", len(self._queue), self._queue.oldest_seconds())
        hs.record_queue("running", len(self._running), now - min(self._running.values(), default=now))

    async def _review(self, task: Task) -> None:
        try:
            async with (
                hs.track_task(ORCHESTRATOR_AGENT, task.submission.priority),
                hs.workflow(WORKFLOW),
                hs.track_latency("coordination"),
                asyncio.timeout(DEADLINE_SECONDS),
            ):
                self._outbox.emit("task.started", task.id, {"name": task.submission.name})
                self._decided(task, await self._hive.coordinate(task))
        except (Unparsable, BadRequest, StepFailed) as error:
            self._failed(task, str(error))
        except TimeoutError:
            self._failed(task, f"no decision within {DEADLINE_SECONDS:g} s")

    def _decided(self, task: Task, outcome: Outcome) -> None:
        decision = outcome.decision
        result = {"verdict": decision.verdict, "confidence": round(decision.confidence, 4)}
        notes = {opinion.agent: list(opinion.notes) for opinion in outcome.opinions if opinion.notes}
        extra = {"model_missing": outcome.model_missing} if outcome.model_missing else {}
        log.info("%s: %s", task.submission.name, decision.verdict, extra={"confidence": result["confidence"]})
        self.ledger.move(task, "running", "decided", **result, score=round(decision.score, 4), notes=notes, **extra)
        self._outbox.emit("decision.made", task.id, result)

    def _failed(self, task: Task, reason: str) -> None:
        log.info("%s failed: %s", task.submission.name, reason)
        self.ledger.move(task, "running", "failed", error=reason)
        self._outbox.emit("task.failed", task.id, {"reason": reason})
