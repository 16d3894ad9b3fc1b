"""Thresholds: a table of what a figure does over time and what the alert makes of it."""

from __future__ import annotations

import copy
import pickle
from math import isnan, nan
from typing import Any

import pytest

from hivesight_sdk.monitor.sample import PerformanceMetrics
from hivesight_sdk.monitor.thresholds import DEFAULT_THRESHOLDS, AlertStates, Threshold


def at(seconds: float, **figures: float) -> PerformanceMetrics:
    known = {name: value for name, value in figures.items() if not isnan(value)}
    return PerformanceMetrics.at(1_700_000_000 + seconds, known, seconds)


Steps = list[tuple[float, float]]
CASES: list[tuple[str, Threshold, Steps, list[tuple[float, str]]]] = [
    ("at the limit is not beyond it", Threshold(10), [(0, 10)], []),
    ("beyond it fires once", Threshold(10), [(0, 11), (30, 12), (60, 13)], [(0, "firing")]),
    ("back resolves", Threshold(10), [(0, 11), (30, 10)], [(0, "firing"), (30, "resolved")]),
    ("fires again later", Threshold(10), [(0, 11), (1, 9), (2, 11)], [(0, "firing"), (1, "resolved"), (2, "firing")]),
    ("for: not long enough", Threshold(10, for_seconds=60), [(0, 11), (59, 11), (60, 9), (61, 11)], []),
    ("for: long enough", Threshold(10, for_seconds=60), [(0, 11), (30, 11), (60, 11)], [(60, "firing")]),
    ("for: starts anew", Threshold(10, for_seconds=60), [(0, 11), (30, 9), (60, 11), (119, 11)], []),
    (
        "hysteresis: resolves only when clear",
        Threshold(10, clear=8),
        [(0, 11), (1, 9), (2, 8.5), (3, 11), (4, 8)],
        [(0, "firing"), (4, "resolved")],
    ),
    (
        "hysteresis: what is not firing is not held",
        Threshold(10, clear=8, for_seconds=2),
        [(0, 11), (1, 9), (2, 11), (3, 11)],
        [],
    ),
    (
        "below",
        Threshold(0.7, direction="below", clear=0.75),
        [(0, 0.6), (1, 0.72), (2, 0.75)],
        [(0, "firing"), (2, "resolved")],
    ),
    ("unknown is not beyond", Threshold(10), [(0, nan)], []),
    ("unknown keeps a firing alert", Threshold(10), [(0, 11), (30, nan), (60, 12)], [(0, "firing")]),
    ("unknown keeps a pending alert", Threshold(10, for_seconds=60), [(0, 11), (30, nan), (60, 11)], [(60, "firing")]),
    ("unknown for long resolves", Threshold(10), [(0, 11), (299, nan), (300, nan)], [(0, "firing"), (300, "resolved")]),
    ("unknown for long forgets what pends", Threshold(10, for_seconds=600), [(0, 11), (300, nan), (600, 11)], []),
]


@pytest.mark.parametrize(("threshold", "steps", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_states(threshold: Threshold, steps: Steps, expected: list[tuple[float, str]]) -> None:
    states = AlertStates()
    changes = [
        (second, change.state)
        for second, value in steps
        for change in states.judge({"load": threshold}, at(second, load=value))
    ]
    assert changes == expected
    assert states.firing == (("load",) if expected and expected[-1][1] == "firing" else ())


def test_an_alert_says_what_and_for_how_long() -> None:
    states = AlertStates()
    thresholds = {"cpu_percent": Threshold(85, for_seconds=60, clear=80, severity="critical")}
    assert states.judge(thresholds, at(0, cpu_percent=90)) == []
    (fired,) = states.judge(thresholds, at(60, cpu_percent=91.25))
    assert (fired.figure, fired.value, fired.limit, fired.severity, fired.lasted_seconds) == (
        "cpu_percent",
        91.25,
        85,
        "critical",
        60,
    )
    assert fired.message == "High cpu percent: 91.25 (limit 85) for 60 s"
    (resolved,) = states.judge(thresholds, at(90, cpu_percent=20))
    assert resolved.message == "Resolved cpu percent: 20 (limit 85) after 90 s"
    states.judge(thresholds, at(100, cpu_percent=99))
    states.judge(thresholds, at(160, cpu_percent=99))
    (lost,) = states.judge(thresholds, at(460))
    assert lost.message == "Resolved cpu percent: no longer known (limit 85) after 360 s"


def test_a_removed_threshold_resolves_its_alert() -> None:
    states = AlertStates()
    states.judge({"load": Threshold(1)}, at(0, load=2))
    (change,) = states.judge({}, at(1, load=2))
    assert change.state == "resolved"
    assert states.firing == ()


def test_every_threshold_is_judged_at_once() -> None:
    states = AlertStates()
    beyond = {
        figure: float(limit) + (1 if limit.direction == "above" else -0.5)
        for figure, limit in DEFAULT_THRESHOLDS.items()
    }
    states.judge(DEFAULT_THRESHOLDS, at(0, **beyond))
    states.judge(DEFAULT_THRESHOLDS, at(1000, **beyond))
    assert states.firing == tuple(sorted(DEFAULT_THRESHOLDS))


def test_a_threshold_is_its_limit() -> None:
    threshold = Threshold(85, for_seconds=120, clear=80)
    assert threshold == 85
    assert threshold < 86
    for other in (copy.copy(threshold), pickle.loads(pickle.dumps(threshold))):
        assert (other, other.clear, other.for_seconds, other.direction) == (85, 80, 120, "above")


@pytest.mark.parametrize(
    ("limit", "options", "message"),
    [
        (nan, {}, "finite"),
        (1, {"for_seconds": -1}, "finite"),
        (1, {"for_seconds": float("inf")}, "finite"),
        (1, {"clear": 2}, "good side"),
        (1, {"clear": 0.5, "direction": "below"}, "good side"),
        (1, {"direction": "over"}, "'above' or 'below'"),
    ],
)
def test_thresholds_that_cannot_be_meant(limit: float, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Threshold(limit, **options)
