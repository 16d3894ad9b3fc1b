"""Components and keys that the Collector has removed, and what has taken their place."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from hivesight.doctor.collector.pipelines import Collector, type_of
from hivesight.doctor.finding import Edit, Finding
from hivesight.doctor.nodes import child
from hivesight.doctor.rule_files import at
from hivesight.schema.loading import Location

_REMOVED: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("exporters", "logging"): ("0.111", "debug, whose loglevel is called verbosity"),
    ("exporters", "jaeger"): ("0.86", "otlp: Jaeger takes it on port 4317"),
    ("exporters", "jaeger_thrift"): ("0.86", "otlphttp: Jaeger takes it on port 4318"),
    ("processors", "spanmetrics"): ("0.111", "the connector spanmetrics"),
    ("processors", "servicegraph"): ("0.111", "the connector servicegraph"),
    ("receivers", "prometheus_exec"): ("0.77", "prometheus, and the exporter as a process of its own"),
    ("extensions", "memory_ballast"): ("0.110", "the environment variable GOMEMLIMIT"),
}
"""By kind and type: the version in which it was gone, and what to use (the Collector's and contrib's changelogs)."""
_RENAMED: Final = ("logging", "debug")


def findings(collector: Collector) -> Iterator[Finding]:
    """Of one file: where a removed component is defined, and where it is used."""
    for (kind, kind_of), (version, better) in _REMOVED.items():
        places: list[tuple[Location, bool, str]] = [
            ((kind, name), True, name) for name in collector.defined[kind] if type_of(name) == kind_of
        ]
        if not places:
            continue
        places += [
            (use.location, False, use.name) for use in collector.uses() if (use.kind, use.type) == (kind, kind_of)
        ]
        for location, on_key, name in places:
            message = f"the Collector has no {kind[:-1]} {kind_of} since {version}, and does not start with it"
            finding = at(collector.document.loaded, location, "collector/removed", message, better, on_key=on_key)
            yield replace(finding, edit=_renaming(collector, finding, name)) if kind_of == _RENAMED[0] else finding


def _renaming(collector: Collector, finding: Finding, name: str) -> Edit | None:
    """logging is called debug; where its settings are other ones too, a person has to decide."""
    old, new = _RENAMED
    settings = [node for each, node in collector.defined["exporters"].items() if type_of(each) == old]
    clash = any(type_of(each) == new for each in collector.defined["exporters"])
    if clash or any(child(node, "loglevel") is not None for node in settings):
        return None
    place = finding.diagnostic
    return Edit(place.line, place.col, len(name), new + name.removeprefix(old)) if place.length == len(name) else None
