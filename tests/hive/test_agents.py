"""Agents as workers: states, retries, faults, and a whole coordination against the scripted model."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

import hivesight_sdk as hs
from agent_hive.coordination import Hive
from agent_hive.events import Outbox
from agent_hive.faults import FaultInjected, Faults
from agent_hive.model_client import Endpoint, ModelClient, endpoint
from agent_hive.model_server import ScriptedModel, complete
from agent_hive.pool import Agent, AgentPool, StepFailed
from agent_hive.script import review
from agent_hive.streaming import Stream, Subscriber
from agent_hive.work import BadRequest, Submission, Task, Unavailable, Unparsable

T = TypeVar("T")
TASK = Task("0" * 32, Submission("high", code="x"), 0.0)


def test_agent_states_follow_the_clock() -> None:
    now = [0.0]
    agent = Agent("parser-1", lambda: now[0])
    seen = [agent.status()]
    agent.begin()
    seen.append(agent.status())
    now[0] = 31.0
    seen.append(agent.status())
    agent.end(failed=False)
    seen.append(agent.status())
    now[0] = 62.0
    seen.append(agent.status())
    for _ in range(3):
        agent.begin()
        agent.end(failed=True)
    seen.append(agent.status())
    assert seen == ["idle", "active", "failed", "active", "idle", "failed"]


def _ask(work: Callable[[], Awaitable[T]], faults: Faults | None = None) -> T:
    async def scenario() -> T:
        pool = AgentPool("parser", 1, faults or Faults())
        worker = asyncio.create_task(pool.run(pool.agents[0]))
        try:
            return await pool.ask(TASK, work, pause=0)
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    return asyncio.run(scenario())


def _failing(times: int, error: Exception) -> tuple[list[int], Callable[[], Awaitable[str]]]:
    calls: list[int] = []

    async def work() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return "done"

    return calls, work


STEPS = [
    # how often it fails, with what, what comes of it, attempts
    (0, Unavailable("x"), None, 1),
    (2, Unavailable("x"), None, 3),
    (3, Unavailable("x"), StepFailed, 3),
    (1, RuntimeError("a bug"), None, 2),
    (3, FaultInjected("x"), StepFailed, 3),
    (1, Unparsable("x", 1), Unparsable, 1),
    (1, BadRequest("x"), BadRequest, 1),
]


@pytest.mark.parametrize(("times", "error", "outcome", "attempts"), STEPS)
def test_steps_are_retried_when_that_can_help(
    times: int, error: Exception, outcome: type[Exception] | None, attempts: int
) -> None:
    calls, work = _failing(times, error)
    if outcome is None:
        assert _ask(work) == "done"
    else:
        with pytest.raises(outcome):
            _ask(work)
    assert len(calls) == attempts


def test_an_agent_works_in_the_context_of_whoever_asks() -> None:
    async def work() -> hs.LogContext:
        return hs.current_log_context()

    with hs.log_context(task="t", conversation="c"):
        assert _ask(work) == hs.LogContext(agent="parser-1", task="t", conversation="c")
    assert hs.current_log_context() == hs.LogContext()


def test_faults_hold_and_let_go() -> None:
    async def scenario() -> None:
        faults = Faults()
        await faults.enter("x")
        faults.set("errors")
        results = await asyncio.gather(*(faults.enter(str(n)) for n in range(200)), return_exceptions=True)
        assert 90 < sum(isinstance(result, FaultInjected) for result in results) < 150
        faults.set("stuck")
        held = asyncio.create_task(faults.enter("x"))
        await asyncio.sleep(0)
        assert not held.done()
        faults.set("heal")
        await held
        faults.set("slow", 0.001)
        await faults.enter("x")

    asyncio.run(scenario())


def test_faults_hold_a_bounded_number() -> None:
    async def scenario() -> None:
        faults = Faults()
        faults.set("stuck")
        held = [asyncio.create_task(faults.enter("x")) for _ in range(201)]
        await asyncio.sleep(0)
        faults.set("heal")
        results = await asyncio.gather(*held, return_exceptions=True)
        assert [type(result) for result in results].count(FaultInjected) == 1

    asyncio.run(scenario())


REVIEWS = [
    ("compiler.compiles=1", "approve"),
    ("compiler.compiles=0\nsecurity.secrets=3", "reject"),
    ("security.secrets=1", "request_changes"),
    ("security.secrets=2", "reject"),
    ("complexity.worst=25", "approve"),
    ("complexity.worst=25\ndocumentation.coverage=0.1", "request_changes"),
    ("no facts at all", "approve"),
]


@pytest.mark.parametrize(("prompt", "verdict"), REVIEWS)
def test_scripted_reviews(prompt: str, verdict: str) -> None:
    assert review(prompt).endswith(f"VERDICT: {verdict}")
    assert review(prompt) == review(prompt)


def test_completion_counts_tokens() -> None:
    usage = complete({"messages": [{"role": "user", "content": "two words"}]}, created=1).whole()["usage"]
    assert isinstance(usage, dict)
    assert usage["prompt_tokens"] == 2
    assert usage["total_tokens"] == 2 + usage["completion_tokens"]


@pytest.mark.parametrize("body", [{}, {"messages": "x"}, {"messages": []}, {"messages": [{"content": None}]}])
def test_completion_refuses(body: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        complete(body, created=1)


def test_real_endpoint_needs_both_variables_and_hides_its_key() -> None:
    assert endpoint({"OPENAI_API_KEY": "sk-x"}).key is None
    assert endpoint({"OPENAI_BASE_URL": "https://x/v1"}).key is None
    real = endpoint({"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": "https://x/v1/"})
    assert (real.url, real.key, real.per_minute) == ("https://x/v1/chat/completions", "sk-x", 12)
    assert "sk-x" not in repr(real)


def _model_app() -> Starlette:
    return Starlette(routes=list(ScriptedModel().routes()))


@contextlib.asynccontextmanager
async def _hive(model: Starlette, tmp_path) -> AsyncGenerator[Hive]:
    faults = Faults()
    transport = httpx2.ASGITransport(app=model, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport) as client:
        target = Endpoint("http://model/v1/chat/completions", "scripted-reviewer")
        with ThreadPoolExecutor(1) as threads:
            hive = Hive(faults, Outbox(client, "http://events"), ModelClient(client, target), threads, tmp_path)
            workers = [asyncio.create_task(pool.run(agent)) for pool, agent in hive.agents()]
            try:
                yield hive
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)


def test_coordination_decides(tmp_path) -> None:
    (tmp_path / "good.py").write_text('"""Doc."""\n')

    async def scenario() -> None:
        async with _hive(_model_app(), tmp_path) as hive:
            outcome = await hive.coordinate(Task("1", Submission("low", path="good.py"), 0.0))
            assert (outcome.decision.verdict, outcome.model_missing) == ("approve", None)
            assert outcome.decision.confidence > 0.9
            assert [o.agent for o in outcome.opinions][-1] == "reviewer"
            with pytest.raises(Unparsable):
                await hive.coordinate(Task("2", Submission("low", code="def f(:"), 0.0))
            with pytest.raises(BadRequest):
                await hive.coordinate(Task("3", Submission("low", path="absent.py"), 0.0))
            assert hive.learner.seen == 1

    asyncio.run(scenario())


def test_coordination_goes_on_without_the_model(tmp_path) -> None:
    async def scenario() -> None:
        async with _hive(Starlette(), tmp_path) as hive:
            outcome = await hive.coordinate(Task("1", Submission("low", code='"""Doc."""\n'), 0.0))
            assert outcome.model_missing is not None
            assert "HTTP 404" in outcome.model_missing
            assert outcome.decision.confidence < 0.7

    asyncio.run(scenario())


def test_model_budget() -> None:
    async def scenario() -> None:
        now = [0.0]
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=_model_app())) as client:
            model = ModelClient(client, Endpoint("http://m/v1/chat/completions", "m", "k", 2), lambda: now[0])
            for _ in range(2):
                assert model.may_ask()
                assert "VERDICT" in await model.complete("x", "y")
            assert not model.may_ask()
            now[0] = 60.0
            assert model.may_ask()

    asyncio.run(scenario())


def test_events_wait_in_a_bounded_buffer_until_the_stream_is_back() -> None:
    async def scenario() -> None:
        stream = Stream()
        app = Starlette()
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
            outbox = Outbox(client, "http://x", capacity=3, first_pause=0.001)
            for number in range(5):
                outbox.emit("task.started", str(number))
            assert (outbox.buffered, outbox.dropped) == (3, 2)
            sender = asyncio.create_task(outbox.run())
            while not outbox.failures:  # noqa: ASYNC110
                await asyncio.sleep(0)
            app.router.routes.extend(stream.routes())
            async with asyncio.timeout(5):
                while outbox.sent < 3:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            events = (await client.get("/events")).json()["events"]
            assert [event["task_id"] for event in events] == ["2", "3", "4"]

    asyncio.run(scenario())


def test_slow_followers_lose_the_oldest_events() -> None:
    async def scenario() -> None:
        follower = Subscriber()
        for number in range(300):
            follower.offer(str(number))
        taken = await follower.take()
        assert (len(taken), taken[0], follower.dropped) == (256, "44", 44)

    asyncio.run(scenario())


BAD_EVENTS = [
    b"{}",
    b'{"events": [{"type": "x", "data": NaN}]}',
    b'{"events": [{"type": "x", "data": 1e999}]}',
    {},
    {"events": 1},
    {"events": [1]},
    {"events": [{}]},
    {"events": [{"type": "a\nb"}]},
    {"events": [{"type": "x"}] * 257},
    {"events": [{"type": "x", "context": 1}]},
    {"events": [{"type": "x", "data": "y" * 9000}]},
]


@pytest.mark.parametrize("body", BAD_EVENTS)
def test_stream_refuses_what_is_no_event(body: dict[str, object] | bytes) -> None:
    async def scenario() -> None:
        from agent_hive.httpjson import bad_request

        app = Starlette(
            routes=[*Stream().routes(), Route("/x", lambda _: None)], exception_handlers={BadRequest: bad_request}
        )
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://x") as client:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            answer = await client.post("/events", content=content, headers={"Content-Type": "application/json"})
            assert answer.status_code == 400
            assert answer.json()["error"]

    asyncio.run(scenario())
