"""The mechanics of a tracker: one object that is a decorator (of sync and async functions and generators) and a
context manager (sync and async), and that measures success, exception and cancellation alike.

What is measured is a `Measurement`; `trackers` defines them. Nothing here raises into the host: exceptions of the
host's own code pass through unchanged. While tracing is on, a measurement that says what its span is has one.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from time import perf_counter
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from hivesight_sdk import spans
from hivesight_sdk.recording import drop, drop_failed

if TYPE_CHECKING:
    from types import TracebackType

    from hivesight_sdk.spans import Attributes, SpanStart

P = ParamSpec("P")
R = TypeVar("R")


_NO_ATTRIBUTES: Attributes = {}


class Measurement:
    """One measured run of a block of code, from `begin` to `finish`; also a span, while tracing is on."""

    __slots__ = ("_span", "_started")

    def begin(self) -> None:
        """The block starts now."""
        self._span = None if spans.open_span is None else spans.open_span(self)
        self._started = perf_counter()

    def finish(self, error: BaseException | None, result: object = None) -> None:
        """Record the run. `error` is what the block raised, `result` what the decorated function returned."""
        try:
            # Before the span ends: exemplars of the figures name it.
            self._record(perf_counter() - self._started, error, result)
        except Exception as failure:  # noqa: BLE001  the host must not feel it
            drop_failed(failure)
        if self._span is not None:
            self._span.end(error, self)

    def elapsed_seconds(self) -> float:
        """Seconds since the run began."""
        return perf_counter() - self._started

    def leave(self) -> None:
        """A generator gives control to its consumer, who is not a part of the run."""
        if self._span is not None:
            self._span.leave()

    def resume(self) -> None:
        """The generator goes on."""
        if self._span is not None:
            self._span.resume()

    @property
    def in_steps(self) -> bool:
        """Whether a generator's items have to be told: to the measurement, or as ends of the span's steps."""
        return self._span is not None or type(self).yielded is not Measurement.yielded

    def yielded(self, item: object) -> None:
        """`item` comes out of the decorated generator; its consumer gets it next. Must not raise."""

    def span_start(self) -> SpanStart | None:
        """How its span begins; None for a measurement that has none."""
        return None

    def span_attributes(self) -> Attributes:
        """What the span carries besides, once the run is recorded; an `error.type` among it is a failure."""
        return _NO_ATTRIBUTES

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        """Find out what to record, and hand it to `record_batched` or `record`. May raise; no metric is touched here,
        as code of the host may run: properties of a result, say."""
        raise NotImplementedError


MeasurementT = TypeVar("MeasurementT", bound=Measurement)


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
            if measurement.in_steps:
                inner = cast("Generator[Any, Any, R]", _Steps(inner, measurement))
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
                    measurement.leave()
                    try:
                        sent = yield item
                    except GeneratorExit:
                        measurement.resume()
                        await inner.aclose()
                        raise
                    except BaseException as thrown:  # noqa: BLE001  it is the wrapped generator's to handle
                        measurement.resume()
                        step = inner.athrow(thrown)
                    else:
                        measurement.resume()
                        step = inner.asend(sent)
            except BaseException as error:
                measurement.finish(error)
                raise
            measurement.finish(None)

        return wrapper


class _Steps:
    """A generator for `yield from` whose measurement hears of its items, and is left in between."""

    __slots__ = ("_generator", "_measurement")

    def __init__(self, generator: Generator[Any, Any, Any], measurement: Measurement) -> None:
        self._generator = generator
        self._measurement = measurement

    def __iter__(self) -> _Steps:
        return self

    def __next__(self) -> object:
        return self._step(self._generator.__next__)

    def send(self, value: object) -> object:
        return self._step(self._generator.send, value)

    def throw(self, *error: Any) -> object:
        return self._step(self._generator.throw, *error)

    def close(self) -> None:
        self._measurement.resume()
        self._generator.close()

    def _step(self, advance: Callable[..., object], *args: object) -> object:
        measurement = self._measurement
        measurement.resume()
        item = advance(*args)  # what ends it, ends the measurement as well
        measurement.yielded(item)
        measurement.leave()
        return item


async def _finish_after(coroutine: Coroutine[Any, Any, R], measurement: Measurement) -> R:
    try:
        result = await coroutine
    except BaseException as error:
        measurement.finish(error)
        raise
    measurement.finish(None, result)
    return result
