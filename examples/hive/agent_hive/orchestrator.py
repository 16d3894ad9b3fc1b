"""agent-hive-orchestrator: takes tasks into its queue, has the agents work on them, remembers the decisions."""

import asyncio
import contextlib
import logging
import os
import time
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

import hivesight_sdk as hs
from agent_hive.catalog import ORCHESTRATOR, STREAMING
from agent_hive.coordination import Hive
from agent_hive.events import Outbox
from agent_hive.faults import Faults
from agent_hive.httpjson import local_client, read_json
from agent_hive.ledger import REMEMBERED
from agent_hive.model_client import ModelClient, endpoint
from agent_hive.reviews import Reviews
from agent_hive.service import arguments, run, url_of
from agent_hive.taskqueue import QueueFull
from agent_hive.work import MAX_CODE_BYTES, Task, parse_submission

log = logging.getLogger("agent_hive.orchestrator")

COORDINATORS = 8
# One: the parser counts its recursion per interpreter, and two threads confuse it (python/cpython#106905).
_THREADS = 1
_SAVE_EVERY_SECONDS = 30


class Orchestrator:
    """The process's state: the agents, their reviews, and how they are doing. Everything runs on one loop."""

    def __init__(self, faults: Faults, state_dir: Path | None) -> None:
        self._local = local_client(3.0)
        target = endpoint()
        self._models = self._local if target.per_minute is None else httpx2.AsyncClient()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="agent")
        self._outbox = Outbox(self._local, url_of(STREAMING))
        self._hive = Hive(faults, self._outbox, ModelClient(self._models, target), self._threads)
        self._reviews = Reviews(self._hive, self._outbox)
        self._weights = state_dir / "learner.json" if state_dir else None
        self._monitor = hs.PerformanceMonitor(
            providers={"events_buffered": lambda: self._outbox.buffered},
            history_path=state_dir / "performance.db" if state_dir else None,
        )

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/tasks", self._submit, methods=["POST"]), Route("/tasks/{id}", self._look_up)]

    def health(self) -> Mapping[str, object]:
        return {
            "waiting": self._reviews.waiting,
            "running": self._reviews.running,
            "agents": {kind: pool.census() for kind, pool in self._hive.pools.items()},
            "events": {
                "buffered": self._outbox.buffered,
                "sent": self._outbox.sent,
                "dropped": self._outbox.dropped,
            },
            "learner_seen": self._hive.learner.seen,
        }

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        if self._weights and self._hive.learner.load(self._weights):
            log.info("took up the learner after %d files", self._hive.learner.seen)
        self._hive.publish_accuracy()
        tasks = [asyncio.create_task(pool.run(agent)) for pool, agent in self._hive.agents()]
        tasks += [asyncio.create_task(self._reviews.run()) for _ in range(COORDINATORS)]
        tasks += [asyncio.create_task(self._outbox.run()), asyncio.create_task(self._publish_for_ever())]
        try:
            with self._monitor:
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._save()
            await self._local.aclose()
            await self._models.aclose()

    async def _submit(self, request: Request) -> JSONResponse:
        task_id = uuid.uuid4().hex
        # What comes by itself is a conversation of its own.
        conversation = hs.current_log_context().conversation or task_id
        with hs.log_context(task=task_id, conversation=conversation):
            async with hs.track_latency("task_submit"):
                submission = parse_submission(await read_json(request, 2 * MAX_CODE_BYTES))
                return await self._take(Task(task_id, submission, time.monotonic(), hs.inject({})))

    async def _take(self, task: Task) -> JSONResponse:
        try:
            await self._reviews.submit(task)
        except QueueFull as error:
            hs.record_error("queue", "resource_exhausted")
            return JSONResponse({"error": str(error)}, status_code=429, headers={"Retry-After": "5"})
        return JSONResponse({"id": task.id, "state": "waiting"}, status_code=202)

    async def _look_up(self, request: Request) -> JSONResponse:
        found = self._reviews.ledger.find(str(request.path_params["id"]))
        if found is None:
            return JSONResponse({"error": f"no such task among the last {REMEMBERED}"}, status_code=404)
        return JSONResponse(dict(found))

    async def _publish_for_ever(self) -> None:
        for second in range(1, 2**62):
            self._hive.publish_census()
            self._reviews.publish()
            if second % _SAVE_EVERY_SECONDS == 0:
                self._save()
            await asyncio.sleep(1)

    def _save(self) -> None:
        if self._weights is None:
            return
        try:
            self._hive.learner.save(self._weights)
        except OSError as error:
            hs.record_error("learner", error)
            log.warning("cannot save the learner to %s: %s", self._weights, error)


def main() -> None:
    options = arguments(ORCHESTRATOR)
    state = os.environ.get("HIVE_STATE_DIR")
    faults = Faults(slow_seconds=1.0)
    run(ORCHESTRATOR, Orchestrator(faults, Path(state) if state else None), faults, options, guarded=False)


if __name__ == "__main__":
    main()
