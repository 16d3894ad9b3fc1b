"""The tracker over every kind of function and every way to end, with a measurement that notes what it is told."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import pytest

from hivesight_sdk.errors import is_cancellation
from hivesight_sdk.trackers.tracking import Measurement, Tracker

Ending = tuple[BaseException | None, object]


class Notebook:
    def __init__(self) -> None:
        self.endings: list[Ending] = []
        self.seconds: list[float] = []

    def tracker(self) -> Tracker[Measurement]:
        notebook = self

        class Noting(Measurement):
            def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
                notebook.seconds.append(seconds)
                notebook.endings.append((error, result))

        return Tracker(Noting)


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


ERRORS = [ValueError("host's own"), KeyboardInterrupt(), asyncio.CancelledError(), SystemExit(3)]


def test_sync_function_success(notebook: Notebook) -> None:
    @notebook.tracker()
    def add(a: int, b: int = 1) -> int:
        "Adds."
        return a + b

    assert add(2, b=3) == 5
    assert (add.__name__, add.__doc__) == ("add", "Adds.")
    assert str(inspect.signature(add)) == "(a: 'int', b: 'int' = 1) -> 'int'"
    assert notebook.endings == [(None, 5)]
    assert notebook.seconds[0] >= 0


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_sync_function_error(notebook: Notebook, error: BaseException) -> None:
    @notebook.tracker()
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        fail()
    assert caught.value is error
    assert error.__context__ is None
    assert notebook.endings == [(error, None)]


def test_coroutine_function(notebook: Notebook) -> None:
    @notebook.tracker()
    async def add(a: int) -> int:
        await asyncio.sleep(0)
        return a + 1

    assert inspect.iscoroutinefunction(add)
    coroutine = add(1)
    assert notebook.endings == [], "nothing is measured before it runs"
    assert asyncio.run(coroutine) == 2
    assert notebook.endings == [(None, 2)]


def test_coroutine_function_error(notebook: Notebook) -> None:
    error = ValueError()

    @notebook.tracker()
    async def fail() -> None:
        raise error

    with pytest.raises(ValueError):
        asyncio.run(fail())
    assert notebook.endings == [(error, None)]


def test_cancelled_task(notebook: Notebook) -> None:
    @notebook.tracker()
    async def wait() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(main())
    ((error, _),) = notebook.endings
    assert isinstance(error, asyncio.CancelledError)


def test_async_function_hidden_by_another_decorator(notebook: Notebook) -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    def hide(function: Callable[[], Coroutine[Any, Any, int]]) -> Callable[[], Coroutine[Any, Any, int]]:
        return lambda: function()

    async def main() -> int:
        coroutine = notebook.tracker()(hide(work))()
        assert notebook.endings == []
        return await coroutine

    assert asyncio.run(main()) == 7
    assert notebook.endings == [(None, 7)]


def test_methods(notebook: Notebook) -> None:
    class Agent:
        @notebook.tracker()
        def plain(self, x: int) -> int:
            return x

        @classmethod
        @notebook.tracker()
        def of_class(cls) -> str:
            return cls.__name__

        @notebook.tracker()
        @staticmethod
        def of_none(x: int) -> int:
            return -x

    assert (Agent().plain(1), Agent.of_class(), Agent.of_none(1)) == (1, "Agent", -1)
    assert [result for _, result in notebook.endings] == [1, "Agent", -1]


def test_decorating_a_classmethod_object_leaves_it_alone(notebook: Notebook) -> None:
    class Agent:
        @notebook.tracker()
        @classmethod
        def name(cls) -> str:
            return cls.__name__

    assert Agent.name() == "Agent"
    assert notebook.endings == []


def test_generator_function(notebook: Notebook) -> None:
    @notebook.tracker()
    def echo() -> Any:
        got = []
        try:
            got.append((yield 1))
        except KeyError:
            got.append("key")
        got.append((yield 2))
        return got

    assert inspect.isgeneratorfunction(echo)
    steps = echo()
    assert notebook.endings == []
    assert next(steps) == 1
    assert steps.throw(KeyError()) == 2
    with pytest.raises(StopIteration) as stop:
        steps.send("sent")
    assert stop.value.value == ["key", "sent"]
    assert notebook.endings == [(None, ["key", "sent"])]


def test_generator_closed_early(notebook: Notebook) -> None:
    @notebook.tracker()
    def numbers() -> Iterator[int]:
        yield 1
        yield 2

    steps: Any = numbers()
    next(steps)
    steps.close()
    ((error, _),) = notebook.endings
    assert isinstance(error, GeneratorExit)
    assert is_cancellation(error)


def test_async_generator_function(notebook: Notebook) -> None:
    @notebook.tracker()
    async def echo() -> Any:
        got = []
        try:
            got.append((yield 1))
        except KeyError:
            got.append("key")
        yield got

    async def main() -> None:
        assert inspect.isasyncgenfunction(echo)
        steps = echo()
        assert await steps.asend(None) == 1
        assert await steps.athrow(KeyError()) == ["key"]
        with pytest.raises(StopAsyncIteration):
            await steps.asend(None)
        assert notebook.endings == [(None, None)]
        steps = echo()
        await anext(steps)
        assert await steps.asend("sent") == ["sent"]
        assert [item async for item in steps] == []

    asyncio.run(main())
    assert [error for error, _ in notebook.endings] == [None, None]


def test_async_generator_closed_failed_and_cancelled(notebook: Notebook) -> None:
    closed: list[str] = []

    @notebook.tracker()
    async def stream(fail: bool = False) -> AsyncIterator[int]:
        try:
            yield 1
            if fail:
                raise ValueError
            await asyncio.Event().wait()
        finally:
            closed.append("inner")

    async def main() -> None:
        steps: Any = stream()
        await anext(steps)
        await steps.aclose()
        with pytest.raises(ValueError):
            async for _ in stream(fail=True):
                pass

        async def consume() -> None:
            async for _ in stream():
                pass

        task = asyncio.create_task(consume())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert closed == ["inner"] * 3
    assert [type(error) for error, _ in notebook.endings] == [GeneratorExit, ValueError, asyncio.CancelledError]


@pytest.mark.parametrize("error", [None, *ERRORS], ids=lambda error: type(error).__name__)
def test_with_block(notebook: Notebook, error: BaseException | None) -> None:
    if error is None:
        with notebook.tracker() as measurement:
            assert isinstance(measurement, Measurement)
    else:
        with pytest.raises(type(error)), notebook.tracker():
            raise error
    assert notebook.endings == [(error, None)]


def test_async_with_block(notebook: Notebook) -> None:
    async def main() -> None:
        async with notebook.tracker():
            await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0), notebook.tracker():
                await asyncio.Event().wait()

    asyncio.run(main())
    assert [type(error) for error, _ in notebook.endings] == [type(None), asyncio.CancelledError]


def test_nested_and_recursive_use_of_one_tracker(notebook: Notebook) -> None:
    tracker = notebook.tracker()
    with tracker, tracker:
        pass

    @tracker
    def down(n: int) -> int:
        return 0 if n == 0 else down(n - 1)

    down(3)
    assert len(notebook.endings) == 6


def test_a_measurement_that_fails_does_not_reach_the_host() -> None:
    class Broken(Measurement):
        def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
            raise RuntimeError("our own fault")

    assert Tracker(Broken)(lambda: 5)() == 5
    with pytest.raises(KeyError) as caught, Tracker(Broken):
        raise KeyError
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError(), False),
        (TimeoutError(), False),
        (asyncio.CancelledError(), True),
        (GeneratorExit(), True),
        (KeyboardInterrupt(), True),
        (BaseExceptionGroup("", [asyncio.CancelledError()]), True),
        (ExceptionGroup("", [ValueError()]), False),
        (type("CancelledError", (Exception,), {})(), True),
    ],
)
def test_what_counts_as_cancellation(error: BaseException, expected: bool) -> None:
    assert is_cancellation(error) is expected


def _listener() -> tuple[Tracker[Measurement], list[object], list[Ending]]:
    heard: list[object] = []
    endings: list[Ending] = []

    class Listening(Measurement):
        def yielded(self, item: object) -> None:
            heard.append(item)

        def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
            endings.append((error, result))

    return Tracker(Listening), heard, endings


def test_a_measurement_that_listens_hears_each_item_and_changes_nothing() -> None:
    tracker, heard, endings = _listener()

    @tracker
    def echo() -> Any:
        received: list[object] = []
        try:
            received.append((yield 1))
            received.append((yield 2))
        except KeyError as error:
            received.append(error)
            yield 3
        return received

    steps = echo()
    assert next(steps) == 1
    assert steps.send("a") == 2
    thrown = KeyError("k")
    assert steps.throw(thrown) == 3
    with pytest.raises(StopIteration) as stopped:
        next(steps)
    assert stopped.value.value == ["a", thrown]
    assert heard == [1, 2, 3]
    assert endings == [(None, ["a", thrown])]


def test_a_generator_that_is_heard_closes_where_it_stands() -> None:
    tracker, heard, endings = _listener()
    closed: list[bool] = []

    @tracker
    def numbers() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    steps: Any = numbers()
    next(steps)
    steps.close()
    assert closed == [True]
    assert heard == [1]
    assert isinstance(endings[0][0], GeneratorExit)


def test_an_async_generator_is_heard() -> None:
    tracker, heard, endings = _listener()

    @tracker
    async def numbers() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def collect() -> list[int]:
        return [number async for number in numbers()]

    assert asyncio.run(collect()) == heard == [1, 2]
    assert endings == [(None, None)]


def test_a_call_with_wrong_arguments_is_no_run(notebook: Notebook) -> None:
    @notebook.tracker()
    async def one(a: int) -> int:
        return a

    wrong: Any = one
    with pytest.raises(TypeError):
        asyncio.run(wrong())
    assert notebook.endings == []
