"""From an alerting rule to series that let it fire: timelines and casts are tried in turn, the search makes the
condition false in health and true in the fault, and what comes out is played before it is believed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hivesight.doctor.promql.examine import is_too_deep
from hivesight.doctor.synthesis.cast import Cast
from hivesight.doctor.synthesis.goals import Gone, There
from hivesight.doctor.synthesis.growth import grow
from hivesight.doctor.synthesis.inlining import Recordings
from hivesight.doctor.synthesis.native import histograms
from hivesight.doctor.synthesis.needed import needed
from hivesight.doctor.synthesis.scenario import Impossible, Scenario
from hivesight.doctor.synthesis.search import Search
from hivesight.doctor.synthesis.signal import Signal
from hivesight.doctor.synthesis.stage import Allowance, Moments, Scene, Stage
from hivesight.doctor.synthesis.starts import starts
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.doctor.synthesis.timeline import Reach, Timeline, timelines
from hivesight.doctor.synthesis.verifying import broken_promise
from hivesight.model.errors import BadQuery
from hivesight.model.labels import METRIC_NAME, NO_LABELS
from hivesight.query.promql.ast import Expr, VectorSelector
from hivesight.query.promql.parser import parse
from hivesight.query.promql.walk import walk
from hivesight.rule_tests.notation import Points
from hivesight.rules import GroupConfig, RuleConfig

SEEDS: Final = range(6)
"""Ways of going about it, for each timeline and cast."""

MAX_DEPTH: Final = 100
"""Of an expression with all that it is recorded from: a goal takes several frames a level on its way down."""

_ROUNDS: Final = 3
"""What the fault needs may disturb health, and the other way round."""
_DEFAULT_INTERVAL_MS: Final = 60_000
_HELP: Final = "give the rule a unit test in promtool's format instead"


def synthesize(groups: Sequence[GroupConfig], rule: RuleConfig, *, hold_ms: int = 300_000) -> Scenario | Impossible:
    """Series for an alerting rule. groups: those in whose rules it may find what it is recorded from, its own among
    them. hold_ms: how long it should go on firing, so that it can be told to somebody; a fault that lasts shorter is
    taken where no other makes the rule fire."""
    try:
        written = parse(rule.expr)
        if is_too_deep(written, MAX_DEPTH):
            raise Stuck("the expression is nested too deeply")
        recordings = Recordings(groups)
        expr = recordings.inlined(written)
        if is_too_deep(expr, MAX_DEPTH):
            raise Stuck("the expression is nested too deeply with all that it is recorded from")
    except BadQuery as error:
        return Impossible(str(error))
    except Stuck as error:
        return Impossible(f"{error}; {_HELP}")
    return _Synthesis(rule, expr, needed(groups, [rule]), hold_ms, recordings.looks_back_ms(written)).run()


@dataclass(frozen=True, slots=True)
class _Synthesis:
    """expr: over raw series. looks_back_ms: of recorded ones."""

    rule: RuleConfig
    expr: Expr
    groups: Sequence[GroupConfig]
    hold_ms: int
    looks_back_ms: int

    @property
    def step_ms(self) -> int:
        """Between evaluations."""
        return min(group.interval_ms or _DEFAULT_INTERVAL_MS for group in self.groups)

    def run(self) -> Scenario | Impossible:
        if not self._selectors:
            return self._of_time_alone()
        reasons: list[str] = []
        allowance = Allowance()
        for timeline, start_ms, cast, seed in self._attempts():
            try:
                return self._attempt(Scene(timeline, start_ms, allowance), cast, seed)
            except Stuck as reason:
                reasons.append(str(reason))
            if allowance.spent:
                break
        reason = reasons[0] if reasons else "its windows or its `for` are too long to be played"
        return Impossible(f"{reason}; {_HELP}")

    def _of_time_alone(self) -> Scenario | Impossible:
        """An expression without any series: it always holds, or it is a matter of the calendar."""
        timeline = next(timelines(Reach((), 0, 0), self.rule.for_ms, self.hold_ms, self.step_ms), None)
        if timeline is None:
            return Impossible(f"its `for` is too long to be played; {_HELP}")
        moments = _three(0, timeline.end_ms, timeline.interval_ms)
        try:
            found = Stage((), Scene(timeline, 0, Allowance())).elements(self.expr, NO_LABELS, moments)
        except Stuck as reason:
            return Impossible(f"{reason}; {_HELP}")
        if not any(each.whole for each in found):
            return Impossible(f"it asks for nothing that is measured; {_HELP}")
        fires_by_ms = self.rule.for_ms + 2 * self.step_ms
        end_ms = fires_by_ms + self.hold_ms
        scenario = Scenario({}, timeline.interval_ms, -1, fires_by_ms, end_ms, end_ms, constant=True)
        broken = broken_promise(self.groups, self.rule, scenario, self.step_ms)
        return Impossible(f"{broken}; {_HELP}") if broken else scenario

    @property
    def _selectors(self) -> list[VectorSelector]:
        return [node for node in walk(self.expr) if isinstance(node, VectorSelector)]

    def _attempts(self) -> Iterator[tuple[Timeline, int, Cast, int]]:
        texts = (*self.rule.labels.values(), *self.rule.annotations.values())
        casts = (Cast(self.expr, texts), Cast(self.expr, rich=False))
        delay_ms = 2 * self.step_ms * len(self.groups) + max(each.query_offset_ms or 0 for each in self.groups)
        lines = timelines(Reach.of(self.expr), self.rule.for_ms, self.hold_ms, delay_ms)
        begun = [(timeline, start_ms) for timeline in lines for start_ms in starts(self.expr, timeline)]
        for seed in SEEDS:
            for cast in casts:
                for timeline, start_ms in begun:
                    yield timeline, start_ms, cast, seed

    def _attempt(self, scene: Scene, cast: Cast, seed: int) -> Scenario:
        """One scenario. Raises Stuck."""
        fixed = frozenset(each.name for selector in self._selectors for each in selector.matchers)
        stage, timeline = Stage(cast.signals(), scene), scene.timeline
        search = Search(stage, fixed - {METRIC_NAME}, seed)
        if seed % 2:
            # Where one series must do what another does not.
            grow(stage, search.fixed, (), without=False)
        health = _three(timeline.evaluate_from_ms, timeline.onset_ms, timeline.interval_ms)
        fault = _three(timeline.true_from_ms, timeline.heals_ms, timeline.interval_ms)
        for _ in range(_ROUNDS):
            search.reach(self.expr, Gone(), health)
            search.reach(self.expr, There(), fault)
            if not stage.elements(self.expr, NO_LABELS, health):
                break
        scenario = self._scenario(stage)
        broken = broken_promise(self.groups, self.rule, scenario, self.step_ms)
        if broken:
            raise Stuck(f"series were found, but {broken}")
        return scenario

    def _scenario(self, stage: Stage) -> Scenario:
        timeline = stage.timeline
        end_ms = self._resolved_ms(stage)
        count = end_ms // timeline.interval_ms + 1
        series = {each.labels: _points(each, timeline, count) for each in stage.signals}
        lag_ms = timeline.heals_ms - timeline.true_from_ms - self.rule.for_ms
        held_ms = min(self.hold_ms, max(0, lag_ms - 2 * timeline.interval_ms))
        return Scenario(
            series={labels: points for labels, points in series.items() if not np.isnan(points.values).all()},
            interval_ms=timeline.interval_ms,
            health_until_ms=timeline.onset_ms,
            fires_by_ms=timeline.heals_ms - held_ms,
            heals_at_ms=timeline.heals_ms,
            end_ms=end_ms,
            evaluate_from_ms=max(0, timeline.evaluate_from_ms - self.looks_back_ms),
            start_ms=stage.start_ms,
        )

    def _resolved_ms(self, stage: Stage) -> int:
        """When the condition does not hold any more. Raises Stuck where it does to the end."""
        timeline = stage.timeline
        step_ms = max(timeline.interval_ms, (timeline.end_ms - timeline.heals_ms) // 2_000)
        after: Moments = tuple(range(timeline.heals_ms, timeline.end_ms, step_ms))
        found = stage.elements(self.expr, NO_LABELS, after)
        holds = np.any([each.present for each in found], axis=0) if found else np.zeros(len(after), dtype=np.bool_)
        over = np.flatnonzero(~holds)
        if not len(over):
            raise Stuck("the condition would hold on when the fault is over")
        slack_ms = self.rule.keep_firing_for_ms + 4 * self.step_ms * len(self.groups) + 2 * timeline.interval_ms
        end_ms = after[int(over[0])] + slack_ms
        return min(timeline.end_ms, -(-end_ms // timeline.interval_ms) * timeline.interval_ms)


def _points(signal: Signal, timeline: Timeline, count: int) -> Points:
    """The first samples of a signal."""
    values = signal.values(timeline)[:count]
    if not signal.native:
        return Points(values, {})
    found = histograms(signal, timeline)
    return Points(np.where(np.isnan(values), values, 0.0), {at: each for at, each in found.items() if at < count})


def _three(first_ms: int, last_ms: int, interval_ms: int) -> Moments:
    """The first, one in the middle, the last: evenly spaced."""
    half_ms = max(1, (last_ms - first_ms) // 2 // interval_ms) * interval_ms
    return (last_ms - 2 * half_ms, last_ms - half_ms, last_ms)
