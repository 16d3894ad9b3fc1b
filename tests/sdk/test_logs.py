"""Log lines: their shape, the ids they carry, the bounds they keep to, and hosts that break things."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import pytest
import structlog

import hivesight_sdk as sdk

Growth = Callable[..., Callable[[], float]]
Line = dict[str, Any]


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


class Endless:
    def __str__(self) -> str:
        return str(self)


class Loud:
    def __str__(self) -> str:
        logging.getLogger("loud").error("%s", self)
        return "loud"


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def line(output: io.StringIO) -> Iterator[Callable[..., Line]]:
    """`line("message", ...)`: what logging it writes."""
    root = logging.getLogger()
    level = root.level

    def log(message: object, *args: object, **options: Any) -> Line:
        others = root.handlers[:]
        root.handlers[:] = [handle.handler]  # pytest's own handlers raise on what is logged here
        try:
            logging.getLogger("agents.reviewer").warning(message, *args, **options)
        finally:
            root.handlers[:] = others
        return json.loads(output.getvalue().rstrip("\n").rpartition("\n")[2])

    with sdk.configure_logging("hive", level="DEBUG", stream=output) as handle:
        yield log
    root.setLevel(level)


def test_a_record_is_one_json_object(line: Callable[..., Line]) -> None:
    found = line("reviewed %s", "a.py", extra={"files": 3, "result": {"ok": True, "ratio": 0.5}})
    assert list(found) == ["timestamp", "level", "logger", "message", "service", "fields"]
    assert len(found["timestamp"]) == len("2026-01-31T12:00:00.123Z")
    assert found["timestamp"].endswith("Z")
    del found["timestamp"]
    assert found == {
        "level": "warning",
        "logger": "agents.reviewer",
        "message": "reviewed a.py",
        "service": "hive",
        "fields": {"files": 3, "result": {"ok": True, "ratio": 0.5}},
    }


def test_an_exception_has_type_message_and_stack(line: Callable[..., Line]) -> None:
    try:
        raise LookupError("no such agent")
    except LookupError:
        found = line("failed", exc_info=True)["exception"]
    assert (found["type"], found["message"]) == ("LookupError", "no such agent")
    assert found["stack"].startswith("Traceback")
    assert found["stack"].endswith("LookupError: no such agent")


def test_the_end_of_a_long_stack_is_kept(line: Callable[..., Line]) -> None:
    def dig(depth: int) -> None:
        if depth == 0:
            raise ValueError("x" * 20_000 + "the end")
        dig(depth - 1)

    try:
        dig(300)
    except ValueError as error:
        found = line("deep", exc_info=error)["exception"]
    assert found["stack"].endswith("the end")
    assert len(found["stack"]) <= sdk.LogLimits().stack_characters + 1
    assert len(found["message"]) <= sdk.LogLimits().text_characters + 1


def test_ids_of_the_context(line: Callable[..., Line]) -> None:
    with sdk.log_context(agent="reviewer", task=7):
        with sdk.log_context(conversation="c1", task="8") as inner:
            assert inner == sdk.current_log_context() == sdk.LogContext("reviewer", "8", "c1")
            found = line("inside")
        assert sdk.current_log_context().task == "7"
    assert (found["agent"], found["task"], found["conversation"]) == ("reviewer", "8", "c1")
    assert sdk.current_log_context() == sdk.LogContext()
    assert "agent" not in line("outside")


def test_tasks_and_threads_inherit_the_context() -> None:
    seen: dict[str, str | None] = {}

    def look(name: str) -> None:
        seen[name] = sdk.current_log_context().agent

    async def work(name: str) -> None:
        async with sdk.log_context(agent=name):
            await asyncio.sleep(0)
            look(name)
            await asyncio.to_thread(look, f"{name} in a thread")

    async def both() -> None:
        async with sdk.log_context(agent="outer"):
            await asyncio.gather(work("a"), work("b"), asyncio.create_task(asyncio.to_thread(look, "outer")))

    asyncio.run(both())
    assert seen == {"a": "a", "b": "b", "a in a thread": "a", "b in a thread": "b", "outer": "outer"}


def test_a_block_left_in_another_context_raises_nothing() -> None:
    scope = sdk.log_context(agent="a")
    thread = threading.Thread(target=scope.__enter__)
    thread.start()
    thread.join()
    scope.__exit__(None, None, None)
    scope.__exit__(None, None, None)
    assert sdk.current_log_context().agent is None


def test_trace_and_span_of_the_current_span(line: Callable[..., Line], monkeypatch: pytest.MonkeyPatch) -> None:
    class Span:
        trace_id, span_id, is_valid = 0xABC, 0xDEF, True

        @staticmethod
        def get_current_span() -> Any:
            return Span

        @staticmethod
        def get_span_context() -> Any:
            return Span

    monkeypatch.setitem(sys.modules, "opentelemetry.trace", Span)  # type: ignore[arg-type]
    found = line("traced")
    assert (found["trace_id"], found["span_id"]) == (f"{0xABC:032x}", f"{0xDEF:016x}")
    monkeypatch.setattr(Span, "get_current_span", None)
    assert "trace_id" not in line("not traced")


class Colour(Enum):
    RED = "red"


cycle: list[Any] = []
cycle.append(cycle)
deep: Any = {}
for _ in range(50):
    deep = {"deeper": deep}

ODD: list[tuple[object, object]] = [
    (None, None),
    (Colour.RED, "red"),
    (float("nan"), "nan"),
    (float("-inf"), "-inf"),
    (10**5000, "<integer of 16610 bits>"),
    (b"caf\xc3\xa9\xff", "café\ufffd"),
    ("\ud800 lone", "? lone"),
    (Unspeakable(), "<Unspeakable without text>"),
    (Endless(), "<Endless without text>"),
    ({1: {2}}, {"1": [2]}),
    ({Unspeakable(): 1}, {"<Unspeakable without text>": 1}),
    (ValueError("told"), "told"),
]


@pytest.mark.parametrize(("value", "shown"), ODD, ids=[str(number) for number in range(len(ODD))])
def test_any_object_can_be_logged(value: object, shown: object, line: Callable[..., Line]) -> None:
    assert line("odd", extra={"value": value})["fields"]["value"] == shown


@pytest.mark.parametrize("value", [cycle, deep, [[["x" * 5_000] * 100] * 100] * 100, {n: n for n in range(10**5)}])
def test_no_object_makes_a_line_too_long(value: object, line: Callable[..., Line], output: io.StringIO) -> None:
    found = line("large", extra={"value": value, "second": value})
    assert found["message"] == "large"
    assert len(output.getvalue().encode()) <= sdk.LogLimits().line_bytes + 1


@pytest.mark.parametrize("text", ["x", "é", "\x00", "\U0001f41d", '"'])
def test_bytes_of_a_line_are_bounded(text: str, line: Callable[..., Line], output: io.StringIO) -> None:
    try:
        raise ValueError(text * 10**5)
    except ValueError:
        with sdk.log_context(agent=text * 1_000, task=text * 1_000, conversation=text * 1_000):
            found = line(text * 10**6, exc_info=True, extra={text * 1_000: text * 10**5})
    assert len(output.getvalue().encode()) <= sdk.LogLimits().line_bytes + 1
    assert found["message"].startswith(text)
    assert found["exception"]["type"] == "ValueError"


def test_a_message_that_does_not_fit_its_arguments_is_shown(line: Callable[..., Line]) -> None:
    assert line("%d of %d", "many")["message"] == "%d of %d"
    assert line("%s", Unspeakable())["message"] == "%s"
    assert line(Unspeakable())["message"] == "<Unspeakable without text>"
    assert line({"event": "a dict"})["message"] == "{'event': 'a dict'}"


def test_logging_within_logging_ends(line: Callable[..., Line], growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="log_failed")
    assert line("%s", Loud())["message"] == "loud"
    assert dropped() == 1


def test_a_stream_that_fails_is_counted(growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="log_failed")
    closed = io.StringIO()
    with sdk.configure_logging("hive", stream=closed):
        closed.close()
        logging.getLogger("x").warning("lost")
    assert dropped() == 1


def test_a_stream_that_is_not_utf8_gets_ascii() -> None:
    raw = io.BytesIO()
    with sdk.configure_logging("hive", stream=io.TextIOWrapper(raw, encoding="ascii")):
        logging.getLogger("x").warning("bee \U0001f41d")
        assert json.loads(raw.getvalue())["message"] == "bee \U0001f41d"


def test_one_handler_however_often_it_is_configured(output: io.StringIO) -> None:
    root = logging.getLogger()
    before = list(root.handlers)
    with sdk.configure_logging("first"), sdk.configure_logging("second", stream=output) as second:
        assert [handler for handler in root.handlers if handler not in before] == [second.handler]
        logging.getLogger("x").warning("once")
    assert root.handlers == before
    assert [json.loads(line)["service"] for line in output.getvalue().splitlines()] == ["second"]


def test_the_service_is_that_of_configure(output: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "from-environment")
    with sdk.configure_logging(stream=output):
        logging.getLogger("x").warning("1")
        with sdk.configure("configured", resources=False):
            logging.getLogger("x").warning("2")
    found = [json.loads(line)["service"] for line in output.getvalue().splitlines()]
    assert found == ["from-environment", "configured"]


@pytest.mark.parametrize(
    ("argument", "environment", "expected"),
    [(None, "", "INFO"), (None, "error", "ERROR"), ("debug", "error", "DEBUG"), (30, "", "WARNING"), ("x", "", "INFO")],
)
def test_level(argument: Any, environment: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVESIGHT_LOG_LEVEL", environment)
    root = logging.getLogger()
    level = root.level
    with sdk.configure_logging("x", level=argument, stream=io.StringIO()):
        assert logging.getLevelName(root.level) == expected
    root.setLevel(level)


def test_structlog_writes_the_same_shape(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, sdk.StructlogRenderer("hive")],
        logger_factory=structlog.PrintLoggerFactory(),
    )
    try:
        log = structlog.get_logger().bind(files=3)
        with sdk.log_context(agent="reviewer"):
            log.warning("reviewed", api_key="sk-abcdefghijklmnopqrstuv")
        try:
            raise LookupError("gone")
        except LookupError:
            log.exception("failed")
    finally:
        structlog.reset_defaults()
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["level"], first["message"], first["service"], first["agent"]) == (
        "warning",
        "reviewed",
        "hive",
        "reviewer",
    )
    assert first["fields"] == {"files": 3, "api_key": "[redacted]"}
    assert (second["level"], second["exception"]["type"]) == ("error", "LookupError")


def test_logging_imports_nothing_of_opentelemetry() -> None:
    program = (
        "import logging, sys, hivesight_sdk as sdk; sdk.configure_logging('x'); logging.warning('hi');"
        "sys.exit('opentelemetry' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert run.returncode == 0
    assert json.loads(run.stderr)["message"] == "hi"
