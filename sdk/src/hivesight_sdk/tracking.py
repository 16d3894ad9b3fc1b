"""The mechanics of a tracker: one object that is a decorator (of sync and async functions and generators) and a
context manager (sync and async), and that measures success, exception and cancellation alike.

What is measured is a `Measurement`; `trackers` defines them. Nothing here raises into the host: exceptions of the
host's own code pass through unchanged.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from time import perf_counter
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from hivesight_sdk.recording import drop, drop_failed

if TYPE_CHECKING:
    from types import TracebackType

P = ParamSpec("P")
R = TypeVar("R")


class Measurement:
    """One measured run of a block of code, from `begin` to `finish`."""

    __slots__ = ("_started",)

    def begin(self) -> None:
        """The block starts now."""
        self._started = perf_counter()

    def finish(self, error: BaseException | None, result: object = None) -> None:
        """Record the run. `error` is what the block raised, `result` what the decorated function returned."""
        try:
            self._record(perf_counter() - self._started, error, result)
        except Exception as failure:  # noqa: BLE001  the host must not feel it
            drop_failed(failure)

    def elapsed_seconds(self) -> float:
        """Seconds since the run began."""
        return perf_counter() - self._started

    def yielded(self, item: object) -> None:
        """`item` comes out of the decorated generator; its consumer gets it next. Must not raise."""

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        """Find out what to record, and hand it to `record_batched` or `record`. May raise; no metric is touched here,
        as code of the host may run: properties of a result, say."""
        raise NotImplementedError


MeasurementT = TypeVar("MeasurementT", bound=Measurement)


def is_cancellation(error: BaseException) -> bool:
    """Whether a block was stopped from outside rather than failed: cancelled, closed, interrupted or exiting."""
    return not isinstance(error, Exception) or type(error).__name__ == "CancelledError"


class Tracker(Generic[MeasurementT]):
    """Measures what it decorates or encloses. As a decorator it is reusable; open a new one for each `with`.

    A generator is measured from its first step to its end, with the time its consumer takes in between.
    """

    def __init__(self, start: Callable[[], MeasurementT]) -> None:
        self._start = start
        self._open: list[MeasurementT] = []

    def __enter__(self) -> MeasurementT:
        measurement = self._start()
        self._open.append(measurement)
        measurement.begin()
        return measurement

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._open:
            self._open.pop().finish(error)

    async def __aenter__(self) -> MeasurementT:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """`function` measured: same signature, same results, same exceptions, same kind of function."""
        wrapped: object
        if inspect.iscoroutinefunction(function):
            wrapped = self._coroutine_function(cast("Callable[P, Coroutine[Any, Any, Any]]", function))
        elif inspect.isasyncgenfunction(function):
            wrapped = self._async_generator_function(function)
        elif inspect.isgeneratorfunction(function):
            wrapped = self._generator_function(function)
        elif callable(function):
            wrapped = self._function(function)
        else:
            drop("invalid_value", f"cannot track a {type(function).__name__}: put this decorator below @classmethod")
            wrapped = function
        return cast("Callable[P, R]", wrapped)

    def _function(self, function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            measurement = self._start()
            measurement.begin()
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                measurement.finish(error)
                raise
            if type(result) is CoroutineType:  # another decorator hid an async function
                return cast("R", _finish_after(cast("Coroutine[Any, Any, Any]", result), measurement))
            measurement.finish(None, result)
            return result

        return wrapper

    def _coroutine_function(self, function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        @functools.wraps(function)
        async def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            coroutine = function(*args, **kwargs)
            measurement = self._start()
            measurement.begin()
            return await _finish_after(coroutine, measurement)

        return wrapper

    def _generator_function(self, function: Callable[P, Generator[Any, Any, R]]) -> Callable[P, Generator[Any, Any, R]]:
        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> Generator[Any, Any, R]:
            inner = function(*args, **kwargs)
            measurement = self._start()
            measurement.begin()
            if type(measurement).yielded is not Measurement.yielded:
                inner = cast("Generator[Any, Any, R]", _Overheard(inner, measurement.yielded))
            try:
                result = yield from inner
            except BaseException as error:
                measurement.finish(error)
                raise
            measurement.finish(None, result)
            return result

        return wrapper

    def _async_generator_function(
        self, function: Callable[P, AsyncGenerator[Any, Any]]
    ) -> Callable[P, AsyncGenerator[Any, Any]]:
        @functools.wraps(function)
        async def wrapper(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[Any, Any]:
            inner = function(*args, **kwargs)
            measurement = self._start()
            measurement.begin()
            try:
                step = inner.__anext__()
                while True:
                    try:
                        item = await step
                    except StopAsyncIteration:
                        break
                    measurement.yielded(item)
                    try:
                        sent = yield item
                    except GeneratorExit:
                        await inner.aclose()
                        raise
                    except BaseException as thrown:  # noqa: BLE001  it is the wrapped generator's to handle
                        step = inner.athrow(thrown)
                    else:
                        step = inner.asend(sent)
            except BaseException as error:
                measurement.finish(error)
                raise
            measurement.finish(None)

        return wrapper


class _Overheard:
    """A generator for `yield from`, whose items are told to `listen` on their way out."""

    __slots__ = ("_generator", "_listen")

    def __init__(self, generator: Generator[Any, Any, Any], listen: Callable[[object], None]) -> None:
        self._generator = generator
        self._listen = listen

    def __iter__(self) -> _Overheard:
        return self

    def __next__(self) -> object:
        return self._tell(next(self._generator))

    def send(self, value: object) -> object:
        return self._tell(self._generator.send(value))

    def throw(self, *error: Any) -> object:
        return self._tell(self._generator.throw(*error))

    def close(self) -> None:
        self._generator.close()

    def _tell(self, item: object) -> object:
        self._listen(item)
        return item


async def _finish_after(coroutine: Coroutine[Any, Any, R], measurement: Measurement) -> R:
    try:
        result = await coroutine
    except BaseException as error:
        measurement.finish(error)
        raise
    measurement.finish(None, result)
    return result
