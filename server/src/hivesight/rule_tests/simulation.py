"""A server without its loops: the store, the engine and the rule groups of one test, on a clock that is set by hand."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hivesight.model.batch import Samples, Verdict
from hivesight.model.clock import SetClock
from hivesight.model.errors import StorageError
from hivesight.model.histogram import cells_of
from hivesight.model.labels import Labels
from hivesight.model.series import is_absent
from hivesight.query.promql import Answer, Engine
from hivesight.rule_tests.notation import Points
from hivesight.rules import RuleFile, RuleOptions, SendFunc
from hivesight.rules.group import Group, Outside
from hivesight.storage.labelled import LabelledWriter
from hivesight.storage.tsdb import Limits, Tsdb


class Simulation:
    """A context manager; its store lies in a temporary directory that is gone at the end. `groups` are evaluated one
    after the other at every `advance`."""

    def __init__(
        self,
        rules: Sequence[tuple[str, RuleFile]],
        order: Sequence[str],
        options: RuleOptions,
        start_ms: int,
        default_step_ms: int,
        send: SendFunc = lambda _: None,
    ) -> None:
        """order: names of groups that come in this order, after all others. default_step_ms: of subqueries. send: is
        handed the alerts that an evaluation tells."""
        self._directory = Path(tempfile.mkdtemp(prefix="hivesight-test-"))
        self._clock = SetClock(start_ms)
        self._start_ms = start_ms
        self._store = Tsdb.open(self._directory, clock=self._clock, retention_ms=None, limits=Limits())
        self._engine = Engine(self._store, default_step_ms=default_step_ms)
        outside = Outside(self._engine.instant, LabelledWriter(self._store), self._store, send, self._clock)
        place = {name: number for number, name in enumerate(order)}
        groups = [Group(file, config, options, outside) for file, content in rules for config in content.groups]
        self.groups = sorted(groups, key=lambda group: place.get(group.config.name, 0))
        self._input = _Input.of({}, 0)
        self._given = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def feed(self, series: dict[Labels, Points], interval_ms: int) -> None:
        """The input, which reaches the store as time goes on. Raises StorageError for a series that is refused."""
        refs = self._store.push.register(list(series))
        for labels, ref in zip(series, refs.tolist(), strict=True):
            if ref < 0:
                raise StorageError(
                    f"the store refuses the series {str(labels)[:200]}: it has too many or too long labels"
                )
        self._input = _Input.of(dict(zip(refs.tolist(), series.values(), strict=True)), interval_ms)

    def advance(self, at_ms: int) -> None:
        """All samples up to this time are in the store, and then all groups are evaluated at it."""
        self.pass_by(at_ms)
        for group in self.groups:
            group.evaluate(at_ms)

    def pass_by(self, at_ms: int) -> None:
        """All samples up to this time are in the store; nothing is evaluated."""
        self._clock.ms = at_ms
        samples, self._given = self._input.until(self._given, at_ms - self._start_ms, self._start_ms)
        if len(samples):
            verdicts = self._store.push.append(samples)
            assert (verdicts == Verdict.WRITTEN).all(), "samples that come in order are taken"

    def ask(self, query: str, at_ms: int) -> Answer:
        """An instant query over what is in the store. Raises QueryError and StorageError."""
        return self._engine.instant(query, at_ms)


class _Input:
    """The samples of all series in the order of their times."""

    def __init__(self, samples: Samples) -> None:
        """samples: their times count from the start."""
        self._samples = samples

    @staticmethod
    def of(series: dict[int, Points], interval_ms: int) -> "_Input":
        """series: by ref."""
        refs: list[NDArray[np.int32]] = [np.zeros(0, np.int32)]
        steps: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
        values: list[NDArray[np.float64]] = [np.zeros(0)]
        cells: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
        histograms = [each for points in series.values() for each in points.histograms.values()]
        first = 0
        for ref, points in series.items():
            place = np.flatnonzero(~is_absent(points.values))
            cell = np.full(len(points.values), -1, dtype=np.int64)
            cell[list(points.histograms)] = np.arange(first, first + len(points.histograms))
            first += len(points.histograms)
            refs.append(np.full(len(place), ref, dtype=np.int32))
            steps.append(place.astype(np.int64))
            values.append(points.values[place])
            cells.append(cell[place])
        times = np.concatenate(steps) * interval_ms
        order = np.argsort(times, kind="stable")
        return _Input(
            Samples(
                np.concatenate(refs)[order],
                times[order],
                np.concatenate(values)[order],
                cells_of(histograms) if histograms else None,
                np.concatenate(cells)[order] if histograms else None,
            )
        )

    def until(self, begin: int, elapsed_ms: int, start_ms: int) -> tuple[Samples, int]:
        """The samples from number `begin` up to a time, and the number of the next."""
        every = self._samples
        end = int(np.searchsorted(every.times, elapsed_ms, side="right"))
        here = slice(begin, end)
        histograms, cell = every.histograms, None if every.cell is None else every.cell[here]
        if histograms is not None and cell is not None:
            used = cell >= 0
            histograms = histograms.rows(cell[used])
            cell = np.where(used, np.cumsum(used) - 1, -1)
        return Samples(every.refs[here], every.times[here] + start_ms, every.values[here], histograms, cell), end
