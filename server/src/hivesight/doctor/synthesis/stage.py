"""The invented series and what expressions say of them: the engine, on columns in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.doctor.synthesis.native import histograms
from hivesight.doctor.synthesis.signal import Course, Signal
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.doctor.synthesis.timeline import Timeline
from hivesight.model.errors import QueryError
from hivesight.model.histogram import Histogram, HistogramGrid, cells_of
from hivesight.model.labels import METRIC_NAME, NO_LABELS, Labels
from hivesight.model.matcher import Matcher, all_match
from hivesight.model.series import SeriesBlock
from hivesight.model.symbols import Symbols, label_table
from hivesight.query.promql import Engine, Limits, Matrix, format
from hivesight.query.promql.ast import Expr

MAX_SERIES: Final = 400
MAX_CELLS: Final = 4_000_000
"""Samples of all series, and of what one question reads and makes."""
MAX_SAMPLES: Final = 400_000_000
MAX_QUESTIONS: Final = 6_000
"""Of all attempts at one rule."""

Moments = tuple[int, ...]
"""The times, in ms from the start, at which an expression is judged: evenly spaced, at least two."""
Constraint = Mapping[str, str]
"""Values that some labels must have; an empty one is a label that is not there."""


@dataclass(frozen=True, slots=True)
class Element:
    """A series of a result. labels: without the metric's name. values, present: at every moment."""

    labels: Labels
    values: NDArray[np.float64]
    present: NDArray[np.bool_]

    @property
    def whole(self) -> bool:
        return bool(self.present.all())


@dataclass(slots=True)
class Allowance:
    """What all attempts at one rule may ask of the engine, in samples and in questions."""

    samples: int = MAX_SAMPLES
    questions: int = MAX_QUESTIONS

    @property
    def spent(self) -> bool:
        return self.samples <= 0 or self.questions <= 0


@dataclass(frozen=True, slots=True)
class Scene:
    """When a stage plays. start_ms: the beginning of the timeline, since the epoch."""

    timeline: Timeline
    start_ms: int
    allowance: Allowance


class Stage:
    """All signals on one timeline."""

    def __init__(self, signals: Sequence[Signal], scene: Scene) -> None:
        """Raises Stuck where they are too many."""
        self.signals = list(signals)
        self.timeline = scene.timeline
        self.start_ms = scene.start_ms
        self._allowance = scene.allowance
        self._engine = Engine(self, limits=Limits(max_samples=MAX_CELLS, timeout_seconds=20))
        self._rows: dict[int, NDArray[np.float64]] = {}
        self._blocks: dict[tuple[Matcher, ...], list[SeriesBlock]] = {}
        self._answers: dict[tuple[int, Moments], list[Element]] = {}
        self._texts: dict[int, tuple[Expr, str]] = {}
        self._check()

    def _check(self) -> None:
        steps = self.timeline.end_ms // self.timeline.interval_ms + 1
        if len(self.signals) > MAX_SERIES or len(self.signals) * steps > MAX_CELLS:
            raise Stuck(f"{len(self.signals)} series of {steps} samples would be needed, which are too many")

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        """As the engine asks for them (`Querier`)."""
        key = tuple(matchers)
        if key not in self._blocks:
            rows = [index for index, each in enumerate(self.signals) if all_match(key, each.labels)]
            floats = [index for index in rows if not self.signals[index].native]
            native = [index for index in rows if self.signals[index].native]
            self._blocks[key] = [self._block(each) for each in (floats, native) if each]
        return [part for each in self._blocks[key] if (part := _between(each, start_ms, end_ms)) is not None]

    def _block(self, rows: Sequence[int]) -> SeriesBlock:
        """The samples of signals which are all floats or all native histograms."""
        labels = label_table([self.signals[index].labels for index in rows], Symbols())
        times = np.arange(0, self.timeline.end_ms + 1, self.timeline.interval_ms, dtype=np.int64) + self.start_ms
        values = np.stack([self._row(index) for index in rows])
        if not self.signals[rows[0]].native:
            return SeriesBlock(labels, times, values)
        found: list[Histogram] = []
        place = np.full(values.shape, -1, dtype=np.int64)
        for row, index in enumerate(rows):
            made = histograms(self.signals[index], self.timeline)
            place[row, list(made)] = np.arange(len(found), len(found) + len(made))
            found += made.values()
        return SeriesBlock(labels, times, values, HistogramGrid(cells_of(found), place))

    def _row(self, index: int) -> NDArray[np.float64]:
        if index not in self._rows:
            self._rows[index] = self.signals[index].values(self.timeline)
        return self._rows[index]

    def is_fault(self, moments: Moments) -> bool:
        """Whether moments lie in the fault."""
        return moments[-1] > self.timeline.onset_ms

    def change(self, index: int, course: Course, *, fault: bool) -> None:
        """Let a signal run otherwise in a phase."""
        self.signals[index] = self.signals[index].with_course(course, fault=fault)
        self._rows.pop(index, None)
        self._blocks.clear()
        self._answers.clear()

    def add(self, signal: Signal) -> int:
        """One signal more; its number. Raises Stuck where they are too many."""
        self.signals.append(signal)
        self._check()
        self._blocks.clear()
        self._answers.clear()
        return len(self.signals) - 1

    def restore(self, signals: Sequence[Signal]) -> None:
        """Back to how all signals were."""
        self.signals = list(signals)
        self._rows.clear()
        self._blocks.clear()
        self._answers.clear()

    def elements(self, expr: Expr, of: Constraint, moments: Moments) -> list[Element]:
        """What an expression answers at the moments, of the series that meet a constraint. Raises Stuck where it
        cannot be evaluated."""
        key = (id(expr), moments)
        if key not in self._answers:
            self._answers[key] = self._ask(expr, moments)
        return [each for each in self._answers[key] if meets(each.labels, of)]

    def _ask(self, expr: Expr, moments: Moments) -> list[Element]:
        if id(expr) not in self._texts:
            self._texts[id(expr)] = (expr, format(expr))
        step_ms = moments[1] - moments[0]
        first, last = moments[0] + self.start_ms, moments[-1] + self.start_ms
        self._allowance.questions -= 1
        if self._allowance.spent:
            raise Stuck("the search took too long")
        try:
            answer = self._engine.range(self._texts[id(expr)][1], first, last, step_ms)
        except QueryError as error:
            raise Stuck(str(error)) from error
        self._allowance.samples -= answer.samples
        found = answer.value
        assert isinstance(found, Matrix)
        return [
            Element(labels.without(METRIC_NAME), values, present)
            for labels, values, present in zip(found.labels.all_labels(), found.values, found.present, strict=True)
        ]

    def number(self, expr: Expr, moments: Moments) -> NDArray[np.float64]:
        """What a scalar is at the moments."""
        found = self.elements(expr, NO_LABELS, moments)
        return found[0].values if found else np.full(len(moments), np.nan)


def _between(block: SeriesBlock, start_ms: int, end_ms: int) -> SeriesBlock | None:
    first, last = np.searchsorted(block.times, (start_ms, end_ms + 1)).tolist()
    if first >= last:
        return None
    native = block.histograms
    native = None if native is None else native.at(native.place[:, first:last])
    return SeriesBlock(block.labels, block.times[first:last], block.values[:, first:last], native)


def meets(labels: Labels, of: Constraint) -> bool:
    """Whether a label set meets a constraint."""
    return all(labels.value(name) == value for name, value in of.items())
