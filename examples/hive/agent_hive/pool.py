"""Agents of one type: workers with an inbox, a state that can be told, and retries with back-off."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import hivesight_sdk as hs
from agent_hive.faults import FaultInjected, Faults
from agent_hive.work import PRIORITIES, AgentType, BadRequest, Task, Unavailable, Unparsable

log = logging.getLogger(__name__)

T = TypeVar("T")
AgentStatus = Literal["active", "idle", "failed"]
STATUSES: tuple[AgentStatus, ...] = ("active", "idle", "failed")

ATTEMPTS = 3
BACKOFF_SECONDS = 0.2
STEP_SECONDS = 30.0
RECENT_SECONDS = 30.0
FAILURES_IN_A_ROW = 3
HEARTBEAT_SECONDS = 5.0
_INBOX = 64


class StepFailed(Exception):
    """An agent did not manage its step, in ATTEMPTS attempts."""


@dataclass(slots=True)
class _Job:
    task: Task
    work: Callable[[], Awaitable[Any]]
    answer: asyncio.Future[Any]
    context: Context = field(default_factory=copy_context)


class Agent:
    """One worker: what it does shows in when it last got something done, and in how often it failed since."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self.name = name
        self._clock = clock
        self.busy_since: float | None = None
        self.progress_at: float | None = None
        self.failures = 0

    def status(self) -> AgentStatus:
        """failed: three failures in a row, or one job held too long. active: at work, or lately. Otherwise idle."""
        now = self._clock()
        held = self.busy_since is not None and now - self.busy_since > RECENT_SECONDS
        if held or self.failures >= FAILURES_IN_A_ROW:
            return "failed"
        recent = self.progress_at is not None and now - self.progress_at <= RECENT_SECONDS
        return "active" if self.busy_since is not None or recent else "idle"

    def begin(self) -> None:
        self.busy_since = self._clock()

    def end(self, *, failed: bool) -> None:
        self.busy_since = None
        self.failures = self.failures + 1 if failed else 0
        if not failed:
            self.progress_at = self._clock()


class AgentPool:
    """`size` agents of one type. `run` keeps one alive; `ask` hands a step to whichever is free first."""

    def __init__(self, kind: AgentType, size: int, faults: Faults, clock: Callable[[], float] = time.monotonic) -> None:
        self.kind = kind
        self.agents = [Agent(f"{kind}-{number}", clock) for number in range(1, size + 1)]
        self._faults = faults
        self._inbox: asyncio.Queue[_Job] = asyncio.Queue(_INBOX)
        hs.expect_agents([kind], PRIORITIES)

    def census(self) -> Mapping[AgentStatus, int]:
        """How many agents are in each status; every status is present."""
        found = [agent.status() for agent in self.agents]
        return {status: found.count(status) for status in STATUSES}

    async def ask(self, task: Task, work: Callable[[], Awaitable[T]], pause: float = BACKOFF_SECONDS) -> T:
        """The result of the step, or StepFailed. What is wrong with the input itself (Unparsable) is raised at once."""
        attempt = 1
        while True:
            answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            try:
                return await self._attempt(_Job(task, work, answer))
            except (FaultInjected, Unavailable, TimeoutError) as error:
                if attempt == ATTEMPTS:
                    reason = str(error) or "no answer in time"
                    raise StepFailed(f"{self.kind} failed {ATTEMPTS} times: {reason}") from error
            hs.record_retry(self.kind)
            await asyncio.sleep(pause * 2 ** (attempt - 1))
            attempt += 1

    async def _attempt(self, job: _Job) -> Any:
        async with asyncio.timeout(STEP_SECONDS):
            await self._inbox.put(job)
            return await job.answer

    async def run(self, agent: Agent) -> None:
        """Take one job after the other, for ever."""
        while True:
            job = await self._next_job()
            if not job.answer.done():  # else whoever asked has given up
                # In the context of whoever asked, so that what is logged in there belongs to their task.
                await asyncio.create_task(self._take(agent, job), context=job.context)

    async def _next_job(self) -> _Job:
        while True:
            hs.heartbeat(self.kind)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    return await self._inbox.get()

    async def _take(self, agent: Agent, job: _Job) -> None:
        agent.begin()
        failed = True
        with hs.log_context(agent=agent.name):
            try:
                result = await self._step(job)
                failed = False
                _answer(job, result)
            except (Unparsable, BadRequest) as error:
                failed = False
                _refuse(job, error)
            except (FaultInjected, Unavailable) as error:
                log.info("failed at %s: %s", job.task.submission.name, error)
                _refuse(job, error)
            except Exception as error:
                log.exception("stumbled over %s", job.task.submission.name)
                _refuse(job, Unavailable(f"{type(error).__name__}: {error}"))
            finally:
                agent.end(failed=failed)

    async def _step(self, job: _Job) -> Any:
        # Tracked here, not in `ask`: an agent that is stuck must not seem to progress when it is asked again.
        async with hs.agent(self.kind), hs.track_task(self.kind, job.task.submission.priority):
            await self._faults.enter(job.task.id)
            return await job.work()


def _answer(job: _Job, result: object) -> None:
    if not job.answer.done():
        job.answer.set_result(result)


def _refuse(job: _Job, error: Exception) -> None:
    if not job.answer.done():
        job.answer.set_exception(error)
