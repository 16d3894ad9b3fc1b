"""Runs cases of a PromQL corpus (JSON lines of `load` and `case` records) against the engine in this process."""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hivesight.model.errors import QueryError
from hivesight.model.histogram import Hint, Histogram, Scale
from hivesight.model.labels import Labels
from hivesight.model.series import STALE
from hivesight.query.promql import Engine, Matrix, Scalar, String, Vector
from hivesight.query.promql.native.buckets import api_buckets
from query.promql_store import MemoryStore

Record = dict[str, Any]
_SMALLEST = 2.2250738585072014e-308


@dataclass(frozen=True)
class Corpus:
    loads: dict[int, Record]
    cases: list[Record]

    @staticmethod
    def read(path: Path) -> "Corpus":
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        loads = {each["state"]: each for each in records if each["type"] == "load"}
        return Corpus(loads, [each for each in records if each["type"] == "case"])

    def store(self, state: int | None, *, shared: bool = False) -> MemoryStore:
        """The data of a state: its own load after those of its parents."""
        store, chain = MemoryStore(shared=shared), []
        while state is not None:
            chain.append(self.loads[state])
            state = self.loads[state]["parent"]
        for load in reversed(chain):
            for series in load["series"]:
                store.add(series["labels"], [(point[0], sample(point[1])) for point in series["points"]])
                if starts := {point[0]: point[2] for point in series["points"] if len(point) > 2}:
                    store.start(series["labels"], starts)
        return store


def number(value: object) -> float:
    return STALE if value == "stale" else float(value)  # type: ignore[arg-type]


def sample(value: object) -> float | Histogram:
    return histogram(value) if isinstance(value, dict) else number(value)


def histogram(record: Record) -> Histogram:
    bounds = tuple(float(bound) for bound in record["cv"])
    return Histogram(
        Scale(record["schema"], float(record["zt"]), bounds),
        number(record["count"]),
        number(record["sum"]),
        number(record["zc"]),
        {key: number(count) for key, count in record["pos"]},
        {key: number(count) for key, count in record["neg"]},
        Hint[(record["hint"] or "unknown").upper()],
    )


def same(wanted: object, got: float | Histogram) -> bool:
    """Whether a float or histogram is the one that a case wants, as the HTTP API shows it."""
    expected = sample(wanted)
    if isinstance(expected, Histogram) and isinstance(got, Histogram):
        if not (close(expected.count, got.count) and close(expected.sum, got.sum)):
            return False
        ours, theirs = (
            [each for each in api_buckets(histogram) if not abs(each[3]) <= 1e-12] for histogram in (expected, got)
        )
        return len(ours) == len(theirs) and all(
            a[0] == b[0] and all(map(close, a[1:], b[1:])) for a, b in zip(ours, theirs, strict=True)
        )
    if isinstance(expected, Histogram) or isinstance(got, Histogram):
        return False
    return close(expected, got)


def close(wanted: float, got: float) -> bool:
    """Prometheus' tolerance."""
    if math.isnan(wanted) or math.isnan(got):
        return math.isnan(wanted) and math.isnan(got)
    if wanted == got:
        return True
    total, apart = abs(wanted) + abs(got), abs(wanted - got)
    if wanted == 0 or got == 0 or total < _SMALLEST:
        return apart < 1e-6 * _SMALLEST
    return apart / min(total, 1.7976931348623157e308) < 1e-6


def failure(case: Record, store: MemoryStore) -> str | None:
    """Why the case fails; None where it passes."""
    engine, wanted = Engine(store), case["expect"]
    try:
        if case["kind"] == "instant":
            answer = engine.instant(case["query"], case["at"])
        else:
            answer = engine.range(case["query"], case["start"], case["end"], case["step"])
    except QueryError as error:
        if wanted["type"] != "fail":
            return f"error: {error}"
        condition = wanted["fail"]
        if "msg" in condition and condition["msg"] != str(error):
            return f"error text: {error}"
        if "regex" in condition and not re.search(condition["regex"], str(error)):
            return f"error text: {error}"
        return None
    if wanted["type"] == "fail":
        return "no error"
    return _value_failure(wanted, answer.value) or _notes_failure(wanted, answer.warnings, answer.infos)


def _value_failure(wanted: Record, value: object) -> str | None:
    match value:
        case Scalar(value=got):
            good = wanted["type"] == "scalar" and close(number(wanted["value"]), got)
            return None if good else f"scalar {got}"
        case String(value=text):
            return None if wanted["type"] == "string" and wanted["string"] == text else f"string {text}"
        case Vector():
            found = [(labels, [(value.at_ms, each)]) for labels, each in value.samples()]
            expected = {Labels(each["labels"]): [(value.at_ms, each["value"])] for each in wanted["series"]}
            kind = "vector"
        case Matrix():
            found = list(value.samples())
            if [labels for labels, _ in found] != sorted(labels for labels, _ in found):
                return "matrix is not sorted"
            expected = {Labels(each["labels"]): each["points"] for each in wanted["series"]}
            kind = "matrix"
        case _:
            return f"unknown value {value!r}"
    if wanted["type"] != kind:
        return f"{kind} instead of {wanted['type']}"
    return _series_failure(wanted, expected, found)


def _series_failure(wanted: Record, expected: dict[Labels, Any], found: list[tuple[Labels, Any]]) -> str | None:
    if len({labels for labels, _ in found}) != len(found):
        return "duplicate series"
    if wanted["ordered"] and list(expected) != [labels for labels, _ in found]:
        return f"order {[str(labels) for labels, _ in found]}"
    if set(expected) != {labels for labels, _ in found}:
        missing = [str(each) for each in set(expected) - {labels for labels, _ in found}]
        extra = [str(labels) for labels, _ in found if labels not in expected]
        return f"missing {missing}, unexpected {extra}"
    for labels, points in found:
        want = expected[labels]
        if [at for at, _ in want] != [at for at, _ in points]:
            return f"{labels}: times {[at for at, _ in points]}"
        for (at, a), (_, b) in zip(want, points, strict=True):
            if not same(a, b):
                return f"{labels} at {at}: expected {a}, got {b}"
    return None


def _notes_failure(wanted: Record, warnings: list[str], infos: list[str]) -> str | None:
    for name, got in (("warn", warnings), ("info", infos)):
        conditions = wanted[name]
        if wanted[f"no_{name}"] and got:
            return f"unexpected {name}: {got}"
        if not conditions:
            continue
        if not got:
            return f"no {name}"

        def meets(condition: Record, text: str) -> bool:
            return condition["msg"] == text if "msg" in condition else bool(re.search(condition["regex"], text))

        every = all(any(meets(condition, text) for text in got) for condition in conditions)
        only = all(any(meets(condition, text) for condition in conditions) for text in got)
        if not (every and only):
            return f"{name}: {got}"
    return None
