"""Series notation: `1 2+3x4 _x2 stale {{schema:1 count:2}}x3`. Text in, runs out; a run is kept as it is written until
its samples are wanted, so that its size can be judged before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import Histogram, cells_of
from hivesight.model.series import ABSENT, STALE
from hivesight.query.promql.native.terms import summed
from hivesight.rule_tests.histogram_notation import parse_histogram

MAX_SAMPLES: Final = 5_000_000
"""Of all series of one test."""
MAX_FIGURES: Final = 10_000_000
"""Counts and buckets of all histograms of one test."""

_ADDITION: Final = 100
"""What adding a histogram counts for, in numbers: so that 100,000 are added at most, in some seconds."""
_UNSIGNED: Final = r"(?:(?:[0-9](?:_?[0-9])*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:inf|nan))"
_SPACE: Final = re.compile(r"\s*")
_BLANK: Final = re.compile(r"_(?:x([0-9]+))?(?!\S)")
_STALE: Final = re.compile(r"stale(?!\S)")
_NUMBER: Final = re.compile(rf"([+-]?{_UNSIGNED})(?:([+-]{_UNSIGNED})?x([0-9]+))?(?!\S)")
_HISTOGRAM: Final = re.compile(r"\{\{([^{}]*)\}\}(?:(?:([+-])\{\{([^{}]*)\}\})?x([0-9]+))?(?!\S)")
_WORD: Final = re.compile(r"\S+")


class NotationError(ValueError):
    """Text that is no series notation. offset: where in the text, length: of the faulty part."""

    def __init__(self, message: str, offset: int, length: int) -> None:
        super().__init__(message)
        self.offset = offset
        self.length = length


@dataclass(frozen=True, slots=True)
class Run:
    """count samples, one an interval. first: of the first, None where there are none. step: what each has more than
    the one before; for a histogram with the sign apart."""

    count: int
    first: float | Histogram | None = None
    step: float | Histogram | None = None
    sign: int = 1

    @property
    def figures(self) -> int:
        """Numbers that its histograms take; those that are added up cost more than their size."""
        if not isinstance(self.first, Histogram):
            return 0
        both = [self.first, self.step] if isinstance(self.step, Histogram) else [self.first]
        each_costs = _ADDITION if isinstance(self.step, Histogram) else 0
        return self.count * (each_costs + sum(3 + len(each.positive) + len(each.negative) for each in both))


@dataclass(frozen=True, slots=True)
class Points:
    """The samples of a series. values: ABSENT where there is none. histograms: by position."""

    values: NDArray[np.float64]
    histograms: dict[int, Histogram]


def parse_values(text: str) -> tuple[Run, ...]:
    """The runs of a series. Raises NotationError."""
    runs: list[Run] = []
    samples, figures, at = 0, 0, _skip(text, 0)
    while at < len(text):
        run, end = _run(text, at)
        samples, figures = samples + run.count, figures + run.figures
        if samples > MAX_SAMPLES or figures > MAX_FIGURES:
            message = f"more than {MAX_SAMPLES:,} samples or {MAX_FIGURES:,} numbers of histograms: write fewer"
            raise NotationError(message, at, end - at)
        runs.append(run)
        at = _skip(text, end)
    return tuple(runs)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _run(text: str, at: int) -> tuple[Run, int]:
    if match := _BLANK.match(text, at):
        return Run(_times(match, 1)), match.end()
    if match := _STALE.match(text, at):
        return Run(1, float("nan"), STALE), match.end()
    if match := _NUMBER.match(text, at):
        step = None if match[2] is None else _number(match[2])
        return Run(1 + _times(match, 3, 0), _number(match[1]), step), match.end()
    if match := _HISTOGRAM.match(text, at):
        first = _histogram(match[1], match.start(1))
        step = None if match[3] is None else _histogram(match[3], match.start(3))
        if step is not None and (first.scale.custom != step.scale.custom or first.scale.schema > step.scale.schema):
            message = f"a histogram of schema {step.scale.schema} cannot be added to one of {first.scale.schema}"
            raise NotationError(message, at, match.end() - at)
        return Run(1 + _times(match, 4, 0), first, step, -1 if match[2] == "-" else 1), match.end()
    word = _WORD.match(text, at)
    shown = word[0] if word else ""
    message = f"{shown[:60]!r} is no value of a series: write 1, 1x9, 1+2x9, _, _x9, stale or {{{{count:1}}}}"
    raise NotationError(message, at, max(1, len(shown)))


def _times(match: re.Match[str], group: int, default: int = 1) -> int:
    text: str | None = match[group]
    if text is None:
        return default
    # A number of many digits costs time of its own.
    if len(text) > 12 or int(text) > MAX_SAMPLES:
        message = f"x{text[:20]} is more than the {MAX_SAMPLES:,} samples that a test may have"
        raise NotationError(message, match.start(group), len(text))
    return int(text)


def _number(text: str) -> float:
    return float(text)


def _histogram(text: str, offset: int) -> Histogram:
    try:
        return parse_histogram(text)
    except ValueError as error:
        raise NotationError(str(error), offset, max(1, len(text))) from error


def expanded(runs: Sequence[Run]) -> Points:
    """The samples of a series, which `parse_values` has judged."""
    values = np.full(sum(run.count for run in runs), ABSENT)
    histograms: dict[int, Histogram] = {}
    at = 0
    for run in runs:
        here = slice(at, at + run.count)
        if isinstance(run.first, Histogram):
            values[here] = 0.0
            histograms |= dict(enumerate(_histograms(run), at))
        elif isinstance(run.step, float) and np.isnan(run.step):
            values[here] = run.step
        elif run.first is not None:
            # Added up one after the other, as Prometheus does it: the last digits are the same.
            steps = np.full(run.count, run.step if isinstance(run.step, float) else 0.0)
            steps[:1] = run.first
            with np.errstate(all="ignore"):
                values[here] = np.add.accumulate(steps)
        at += run.count
    return Points(values, histograms)


def _histograms(run: Run) -> list[Histogram]:
    assert isinstance(run.first, Histogram)
    made = [run.first]
    weight = np.array([1.0, run.sign])
    index, group = np.array([0, 1], dtype=np.int64), np.zeros(2, dtype=np.int64)
    while len(made) < run.count:
        if isinstance(run.step, Histogram):
            made.append(summed(cells_of([made[-1], run.step]), index, group, 1, weight).cells.histogram(0))
        else:
            made.append(run.first)
    return made
