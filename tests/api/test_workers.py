"""The line of questions, with threads that are held until the test lets them go."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry

from hivesight.api.workers import Workers
from hivesight.model.errors import Limit, QueryLimit


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def workers(registry) -> Iterator[Workers]:
    found = Workers(1, registry)
    yield found
    found.close()


def ended(registry, reason) -> float:
    return registry.get_sample_value("hivesight_api_questions_ended_early_total", {"reason": reason})


def test_the_end_of_patience_is_a_timeout_and_frees_the_place(workers, registry) -> None:
    async def story() -> None:
        go = threading.Event()
        running = asyncio.create_task(workers.run(go.wait))
        await asyncio.sleep(0)
        with pytest.raises(QueryLimit, match="query timed out in query queue") as caught:
            await workers.run(lambda: 1, patience_seconds=0.001)
        assert caught.value.limit is Limit.TIMEOUT
        assert registry.get_sample_value("hivesight_api_questions_waiting") == 1
        go.set()
        assert await running
        assert await workers.run(lambda: 2) == 2

    asyncio.run(story())
    assert ended(registry, "timeout") == 1
    assert registry.get_sample_value("hivesight_api_questions_queued") == 0


def test_who_goes_away_leaves_the_line(workers, registry) -> None:
    async def story() -> None:
        go = threading.Event()
        running = asyncio.create_task(workers.run(go.wait))
        await asyncio.sleep(0)
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = asyncio.create_task(workers.run(lambda: 1, gone=gone))
        await asyncio.sleep(0)
        assert registry.get_sample_value("hivesight_api_questions_queued") == 1
        gone.set_result(None)
        with pytest.raises(QueryLimit, match="query was canceled in query queue"):
            await waiting
        assert registry.get_sample_value("hivesight_api_questions_queued") == 0
        go.set()
        assert await running

    asyncio.run(story())
    assert ended(registry, "canceled") == 1


def test_answers_that_a_limit_cut_are_counted(workers, registry) -> None:
    def ask() -> None:
        raise QueryLimit("too many samples", Limit.SAMPLES)

    with pytest.raises(QueryLimit):
        asyncio.run(workers.run(ask))
    assert ended(registry, "samples") == 1
