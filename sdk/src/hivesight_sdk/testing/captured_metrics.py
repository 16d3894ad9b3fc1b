"""By how much the series of a registry grew within a captured block."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from hivesight_sdk.recording import collect_exclusively, record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry

Labels = tuple[tuple[str, str], ...]
Values = dict[str, dict[Labels, float]]

_GROWING = frozenset(("counter", "histogram", "summary"))


class MetricsTap:
    """Growth from `open` to now, or to `close`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._growing: set[str] = set()
        self._before: Values = {}
        self._after: Values | None = None

    def open(self) -> None:
        """Growth is counted from now on."""
        self._before = self._read()

    def close(self) -> None:
        """Growth is counted up to now."""
        self._after = self._read()

    def growth(self, name: str, labels: Mapping[str, str]) -> float:
        """Of the series of this name with these labels, added up; of a gauge, the value now. AssertionError for a name
        or a label that there is not."""
        now = self._now()
        known = now.get(name)
        if known is None:
            near = difflib.get_close_matches(name, now, n=5, cutoff=0.5)
            raise AssertionError(f"no metric is called {name!r}; near to it: {', '.join(near) or 'none'}")
        there = {label for series in known for label, _ in series}
        strange = labels.keys() - there
        if known and strange:
            raise AssertionError(f"{name} has no label {sorted(strange)[0]!r}; its labels: {', '.join(sorted(there))}")
        before = self._before.get(name, {}) if name in self._growing else {}
        wanted = labels.items()
        return sum(value - before.get(series, 0.0) for series, value in known.items() if wanted <= dict(series).items())

    def grown(self) -> dict[str, float]:
        """Each series that grew, as the exposition would write it; without buckets and gauges."""
        return {
            f"{name}{_braces(series)}": value - self._before.get(name, {}).get(series, 0.0)
            for name, by_labels in self._now().items()
            if name in self._growing and not name.endswith("_bucket")
            for series, value in by_labels.items()
            if value != self._before.get(name, {}).get(series, 0.0)
        }

    def _now(self) -> Values:
        return self._read() if self._after is None else self._after

    def _read(self) -> Values:
        values: Values = {}

        def action() -> None:
            for metric in self._registry.collect():
                for name in _sample_names(metric.name, metric.type):
                    values.setdefault(name, {})
                for sample in metric.samples:
                    values.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
                    if metric.type in _GROWING:
                        self._growing.add(sample.name)

        record(_nothing)  # what log handlers and finalisers count comes with the next recording
        collect_exclusively(action)
        return values


def _nothing() -> None:
    pass


def _sample_names(family: str, kind: str) -> tuple[str, ...]:
    """Names of a family's samples, which is there though it has none yet."""
    match kind:
        case "counter":
            return (f"{family}_total",)
        case "histogram":
            return (f"{family}_count", f"{family}_sum", f"{family}_bucket")
        case _:
            return (family,)


def _braces(series: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in series) + "}" if series else ""
