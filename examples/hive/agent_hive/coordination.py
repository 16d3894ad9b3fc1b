"""One task from taken to decided: parser, then four agents side by side, then the reviewer, then the decision."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import hivesight_sdk as hs
from agent_hive import corpus
from agent_hive.agents import REVIEWERS, TOOLS, parser, reviewer
from agent_hive.agents.parser import Parsed
from agent_hive.confidence import decide
from agent_hive.events import Outbox
from agent_hive.faults import Faults
from agent_hive.learning import OnlineClassifier, complexity_class, features
from agent_hive.model_client import ModelClient
from agent_hive.pool import Agent, AgentPool, StepFailed
from agent_hive.work import AGENT_TYPES, ORCHESTRATOR_AGENT, AgentType, Decision, Opinion, Task

T = TypeVar("T")
SIZES: dict[AgentType, int] = {
    "parser": 2,
    "complexity": 2,
    "documentation": 1,
    "security": 2,
    "compiler": 1,
    "reviewer": 4,
}
LEARNER = "complexity-class"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision, the opinions it rests on, and whether the model's vote is missing."""

    decision: Decision
    opinions: tuple[Opinion, ...]
    model_missing: str | None


class Hive:
    """The agents and what they share. Syntax work runs in `threads`, so that the loop stays free."""

    def __init__(
        self, faults: Faults, outbox: Outbox, model: ModelClient, threads: Executor, root: Path = corpus.ROOT
    ) -> None:
        self.pools = {kind: AgentPool(kind, SIZES[kind], faults) for kind in AGENT_TYPES}
        self.learner = OnlineClassifier()
        self._outbox = outbox
        self._model = model
        self._threads = threads
        self._root = root
        hs.expect_tools(["read_source", *TOOLS])

    def agents(self) -> list[tuple[AgentPool, Agent]]:
        """Every agent with its pool, for whoever keeps them running."""
        return [(pool, agent) for pool in self.pools.values() for agent in pool.agents]

    async def coordinate(self, task: Task) -> Outcome:
        """Raise Unparsable or BadRequest for the input's faults, StepFailed for the hive's own."""
        source = await self._compute(partial(self._source, task))
        x = features(source)
        guess = self.learner.predict(x)
        parsed = await self._hand(
            task,
            [ORCHESTRATOR_AGENT],
            "parser",
            partial(self._compute, partial(parser.parse, task.submission.name, source)),
        )
        opinions = await self._side_by_side(task, parsed)
        total = next(o.facts["total"] for o in opinions if o.agent == "complexity")
        self._learn(x, guess, complexity_class(total))
        return await self._decide(task, parsed, opinions)

    async def _side_by_side(self, task: Task, parsed: Parsed) -> list[Opinion]:
        try:
            async with asyncio.TaskGroup() as group:
                steps = [
                    group.create_task(
                        self._hand(task, ["parser"], kind, partial(self._compute, partial(review, parsed)))
                    )
                    for kind, review in REVIEWERS.items()
                ]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        return [step.result() for step in steps]

    async def _decide(self, task: Task, parsed: Parsed, opinions: list[Opinion]) -> Outcome:
        expected: list[str] = list(REVIEWERS)
        missing: str | None = None
        if self._model.may_ask():
            expected.append("reviewer")
            try:
                answer = await self._hand(
                    task, tuple(REVIEWERS), "reviewer", partial(self._ask_model, parsed, opinions)
                )
                if (vote := reviewer.opinion(answer)) is not None:
                    opinions = [*opinions, vote]
                else:
                    missing = "the model gave no verdict"
            except StepFailed as error:  # decide without it, and be less sure
                missing = str(error)
                hs.record_error("decision", error.__cause__ or error)
        return Outcome(decide(opinions, expected), tuple(opinions), missing)

    async def _hand(
        self, task: Task, senders: Sequence[str], receiver: AgentType, work: Callable[[], asyncio.Future[T]]
    ) -> T:
        self._outbox.emit("agent.handoff", task.id, {"from": list(senders), "to": receiver})
        *others, sender = senders
        for other in others:
            hs.record_handoff(other, receiver)
        async with hs.handoff(sender, receiver):  # one span, however many hand it over
            return await self.pools[receiver].ask(task, work)

    def _ask_model(self, parsed: Parsed, opinions: list[Opinion]) -> asyncio.Future[str]:
        words = reviewer.prompt(parsed.name, parsed.lines, opinions)
        return asyncio.ensure_future(self._model.complete(reviewer.INSTRUCTIONS, words))

    def _compute(self, work: Callable[[], T]) -> asyncio.Future[T]:
        # A pool's thread would begin without the context, in which the ids of the log lines are.
        return asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, work)

    @hs.tool("read_source")
    def _source(self, task: Task) -> bytes:
        if task.submission.code is not None:
            return task.submission.code.encode()
        assert task.submission.path is not None
        return corpus.read(task.submission.path, self._root)

    def _learn(self, x: list[float], guess: int, actual: int) -> None:
        self.learner.learn(x, guess, actual)
        self.publish_accuracy()

    def publish_accuracy(self) -> None:
        """Set the gauge of the learner's accuracy, as soon as that is known."""
        if (accuracy := self.learner.accuracy_percent) is not None:
            hs.record_learning_accuracy(LEARNER, accuracy)

    def publish_census(self) -> None:
        """Set the gauge of agents by type and status; every combination is set, so that none goes stale."""
        for kind, pool in self.pools.items():
            for status, count in pool.census().items():
                hs.record_active_agents(kind, status, count)
