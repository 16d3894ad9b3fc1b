"""Spans from the libraries that a program uses, through the instrumentation packages that are installed beside them.

OpenTelemetry's packages (`opentelemetry-instrumentation-httpx` and its like), and those that agent frameworks have,
register themselves under the entry point `opentelemetry_instrumentor`. Frameworks that bring their spans along are
switched on by their own call.
"""

from __future__ import annotations

import logging
import os
import threading
from importlib import import_module
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import TYPE_CHECKING, Any, Final

from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_GROUP: Final = "opentelemetry_instrumentor"
_SKIPPED_BY_ENVIRONMENT: Final = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"

_OPTIONS: Final[dict[str, dict[str, object]]] = {
    "logging": {"inject_trace_context": True},  # else it puts the ids on no record, which is what it is asked for here
}

_log = logging.getLogger("hivesight_sdk")
_lock = threading.Lock()
_done: Final[set[str]] = set()


def instrument(*names: str, skip: Collection[str] = ()) -> tuple[str, ...]:
    """Instrument the named libraries, or all for which an instrumentation is installed; says which ones are. Never
    raises, and instruments nothing twice.

    A name is that of the instrumentation's entry point ("httpx", "fastapi", "celery"), or one of the frameworks
    "langgraph", "openai_agents" and "pydantic_ai". `skip`, and OTEL_PYTHON_DISABLED_INSTRUMENTATIONS (with commas in
    between, or "*"), leave some out. Call it before web applications and clients are made: most packages reach only
    those that come later.
    """
    left_out = {*skip, *(name.strip() for name in os.environ.get(_SKIPPED_BY_ENVIRONMENT, "").split(","))}
    with _lock:
        if "*" in left_out:
            return ()
        found = _found()
        wanted = [name for name in (names or found) if name not in left_out]
        for name in wanted:
            if name in _done:
                continue
            if name not in found:
                hint = "see `pip install hivesight-sdk[instrumentation]`"
                drop("invalid_value", f"nothing that instruments {name[:40]!r} is installed: {hint}")
                continue
            try:
                if found[name]():
                    _done.add(name)
            except Exception as error:  # noqa: BLE001  others' packages meet others' libraries; one must not stop all
                drop("instrumentation_failed", f"{name[:40]} cannot be instrumented: {type(error).__name__}", error)
        return tuple(sorted(name for name in wanted if name in _done))


def _found() -> dict[str, Callable[[], bool]]:
    own = {name: start for name, (distribution, start) in _OWN.items() if _is_installed(distribution)}
    return {**{entry.name: _starter(entry) for entry in entry_points(group=_GROUP)}, **own}


def _is_installed(distribution: str) -> bool:
    # By its distribution, as a module called `agents` may be anybody's.
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def _starter(entry: EntryPoint) -> Callable[[], bool]:
    def start() -> bool:
        try:
            instrumentor: Any = entry.load()()
        except ModuleNotFoundError as error:  # the instrumentation is there, its library is not
            _log.debug("%s is not instrumented: %s", entry.name, error)
            return False
        if not instrumentor.is_instrumented_by_opentelemetry:
            try:
                instrumentor.instrument(raise_exception_on_conflict=True, **_OPTIONS.get(entry.name, {}))
            except Exception as error:
                if type(error).__name__ != "DependencyConflictError":
                    raise
                _log.info("%s is not instrumented: %s", entry.name, error)
        return bool(instrumentor.is_instrumented_by_opentelemetry)

    return start


def _pydantic_ai() -> bool:
    agent: Any = import_module("pydantic_ai").Agent
    agent.instrument_all()
    return True


def _installer(module: str) -> Callable[[], bool]:
    return lambda: import_module(f"hivesight_sdk.integrations.{module}").install()


_OWN: Final[dict[str, tuple[str, Callable[[], bool]]]] = {
    "langgraph": ("langchain-core", _installer("langgraph")),
    "openai_agents": ("openai-agents", _installer("openai_agents")),
    "pydantic_ai": ("pydantic-ai-slim", _pydantic_ai),
}
"""Frameworks without an entry point: the distribution that has to be there, and what switches them on."""
