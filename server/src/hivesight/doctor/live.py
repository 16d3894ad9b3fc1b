"""What a running server has of the metrics that the files ask for: types, series, labels.

Asks over the HTTP API of Prometheus, a bounded number of times; `examination` calls it where there is a server.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from hivesight.doctor.promql.metrics import BUCKET_SUFFIX, Kind
from hivesight.model.labels import METRIC_NAME

MAX_METRICS: Final = 1_000
"""Of how many metrics the series are asked for."""
MAX_SERIES: Final = 5_000
"""How many series of a metric are looked at."""
MAX_NAMES: Final = 1_000_000
SPAN_SECONDS: Final = 3_600
TIME_LIMIT_SECONDS: Final = 60.0

Ask = Callable[[str, Sequence[tuple[str, str]]], Any]
"""The `data` of the answer to a GET: its path below /api/v1/, its parameters. Raises what its caller reports."""
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Seen:
    """The series of a metric in the last hour. whole: whether these are all of them."""

    series: tuple[Mapping[str, str], ...]
    whole: bool

    def has(self, label: str) -> bool:
        """Whether a series may have a label."""
        return not self.whole or any(each.get(label) for each in self.series)


@dataclass(frozen=True, slots=True)
class Live:
    """names: all metrics. kinds: what metadata says. seen: of the metrics that were asked for. unasked: those for which
    there was no time."""

    names: frozenset[str]
    kinds: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    seen: Mapping[str, Seen] = field(default_factory=dict[str, Seen])
    unasked: tuple[str, ...] = ()


def survey(ask: Ask, wanted: Iterable[str], now: Clock, monotonic: Clock) -> Live:
    """What there is of the metrics `wanted`. now: seconds since the epoch; monotonic: for the time limit."""
    until = monotonic() + TIME_LIMIT_SECONDS
    names = frozenset(_texts(ask("label/__name__/values", [("limit", str(MAX_NAMES))])))
    kinds = _kinds(ask("metadata", []), names)
    end = now()
    window = [("start", f"{end - SPAN_SECONDS:.3f}"), ("end", f"{end:.3f}"), ("limit", str(MAX_SERIES + 1))]
    seen: dict[str, Seen] = {}
    there = sorted(names.intersection(wanted))
    for number, name in enumerate(there):
        if number >= MAX_METRICS or monotonic() > until:
            return Live(names, kinds, seen, tuple(there[number:]))
        found = ask("series", [("match[]", f'{{{METRIC_NAME}="{name}"}}'), *window])
        series = tuple(_labels(each) for each in _list(found))
        seen[name] = Seen(series[:MAX_SERIES], len(series) <= MAX_SERIES)
    return Live(names, kinds, seen)


def _kinds(metadata: Any, names: frozenset[str]) -> dict[str, Kind]:
    """The kinds of series by their names; what several targets call differently is not known."""
    kinds: dict[str, Kind] = {}
    for family, entries in _mapping(metadata).items():
        types = {str(_mapping(entry).get("type")) for entry in _list(entries)}
        match types.pop() if len(types) == 1 else "unknown":
            case "counter":
                # OpenMetrics names the family without the ending of its series.
                kinds[family if family in names else f"{family}_total"] = Kind.COUNTER
            case "gauge":
                kinds[family] = Kind.GAUGE
            case "histogram" | "summary" as kind:
                if kind == "histogram" and family + BUCKET_SUFFIX in names and family not in names:
                    kinds[family] = Kind.HISTOGRAM
                kinds |= dict.fromkeys((f"{family}_bucket", f"{family}_sum", f"{family}_count"), Kind.COUNTER)
            case _:
                pass
    return kinds


def _texts(answer: Any) -> list[str]:
    return [each for each in _list(answer) if isinstance(each, str)]


def _labels(answer: Any) -> dict[str, str]:
    return {name: value for name, value in _mapping(answer).items() if isinstance(value, str)}


def _mapping(answer: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}


def _list(answer: Any) -> list[Any]:
    return cast("list[Any]", answer) if isinstance(answer, list) else []
