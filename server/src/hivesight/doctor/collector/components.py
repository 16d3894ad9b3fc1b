"""Components that are used and not defined, or defined and not used."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.collector.pipelines import KINDS, Collector
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at

_SIGNALS: Final = frozenset(("traces", "metrics", "logs", "profiles"))
_ENDS: Final = ("receivers", "exporters")


def findings(collector: Collector) -> Iterator[Finding]:
    """Of one file."""
    yield from _pipelines(collector)
    loaded = collector.document.loaded
    for use in collector.uses():
        may_connect = use.kind in _ENDS and collector.knows("connectors", use.name)
        if not collector.knows(use.kind, use.name) and not may_connect:
            message = f"{use.kind} has no {use.name}: the Collector does not start"
            remedy = f"define it under {use.kind}, or take it out here"
            yield at(loaded, use.location, "collector/undefined", message, remedy)
    used = {(use.kind, use.name) for use in collector.uses()} | collector.elsewhere
    for kind in KINDS:
        for name in collector.defined[kind]:
            if kind == "connectors":
                yield from _connector(collector, name, {end for end in _ENDS if (end, name) in used})
            elif (kind, name) not in used:
                yield _unused(collector, kind, name)


def _pipelines(collector: Collector) -> Iterator[Finding]:
    loaded = collector.document.loaded
    for pipeline in collector.pipelines:
        if pipeline.signal not in _SIGNALS:
            message = f"{pipeline.signal!r} is no signal: the Collector does not start"
            remedy = f"{', '.join(sorted(_SIGNALS))}, with a name after a slash: traces/{pipeline.signal}"
            yield at(loaded, pipeline.location, "collector/unknown-signal", message, remedy, on_key=True)
        for end in _ENDS:
            if not pipeline.of(end) and not any(kind == end for kind, _ in collector.elsewhere):
                message = f"the pipeline {pipeline.name} has no {end}: the Collector does not start"
                yield at(loaded, pipeline.location, "collector/no-end", message, f"{end}: [otlp]", on_key=True)


def _connector(collector: Collector, name: str, ends: set[str]) -> Iterator[Finding]:
    if not ends:
        yield _unused(collector, "connectors", name)
    elif len(ends) == 1:
        only = ends.pop()
        missing = next(end for end in _ENDS if end != only)
        message = f"the connector {name} is among the {only} of pipelines alone: the Collector does not start"
        where = ("connectors", name)
        remedy = f"name it among the {missing} of another pipeline"
        yield at(collector.document.loaded, where, "collector/half-connector", message, remedy, on_key=True)


def _unused(collector: Collector, kind: str, name: str) -> Finding:
    where = "service.extensions" if kind == "extensions" else "any pipeline"
    message = f"{name} is not in {where}: the Collector does not run it, and does not say so"
    remedy = f"add it to {where}, or take it out"
    return at(collector.document.loaded, (kind, name), "collector/unused", message, remedy, on_key=True)
