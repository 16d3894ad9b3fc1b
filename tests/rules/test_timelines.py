"""Alerts over time: what is fed, and then what state, what series and what messages there are."""

from pathlib import Path

import pytest

from hivesight.model.alert import Alert
from hivesight.rules.alerting import AlertingRule
from hivesight.rules.group import RuleOptions
from rules.world import T0, World

STEP_S = 30

RULE = """
groups:
- name: g
  interval: 30s
  rules:
  - alert: A
    expr: x > 0
    for: {for_}
    keep_firing_for: {keep}
    labels: {{severity: page}}
    annotations: {{summary: "x is {{{{ $value }}}} at {{{{ $labels.i }}}}"}}
"""

# for, keep_firing_for; values at 0 s, 30 s, ...; state after each (. inactive, p pending, f firing); turns that send
# (f firing, r resolved).
TIMELINES = [
    ("0s", "0s", "1", "f", "f"),
    ("0s", "0s", "0", ".", "."),
    ("0s", "0s", "01110", ".fff.", ".f.fr"),
    ("10s", "0s", "111", "pff", ".f."),
    ("1m", "0s", "1111110", "ppffff.", "..f.f.r"),
    ("1m", "0s", "110111", "pp.ppf", ".....f"),
    ("1m", "0s", "11101", "ppf.p", "..fr."),
    ("0s", "0s", "10000", "f....", "fr.r."),
    ("0s", "1m", "10001", "fff.f", "f.frf"),
    ("0s", "1m", "1001000", "ffffff.", "f.f.f.r"),
    ("0s", "1m", "10" + "1" * 3, "fffff", "f.f.f"),
    ("30s", "30s", "11000", "pff..", ".f.r."),
    ("0s", "0s", "1" + "0" * 33, "f" + "." * 33, "f" + "r." * 15 + "r.."),
]  # fmt: skip


@pytest.mark.parametrize(("for_", "keep", "values", "states", "sends"), TIMELINES)
def test_timeline(tmp_path: Path, for_: str, keep: str, values: str, states: str, sends: str) -> None:
    world = World(tmp_path)
    group = world.group(RULE.format(for_=for_, keep=keep))
    rule = group.places[0].rule
    assert isinstance(rule, AlertingRule)
    seen_states, seen_sends = "", ""
    for turn, value in enumerate(values):
        at_ms = T0 + turn * STEP_S * 1000
        world.feed(at_ms, {"x{i=1}": float(value)})
        world.sent.clear()
        group.evaluate(at_ms)
        seen_states += {"inactive": ".", "pending": "p", "firing": "f"}[rule.state.value]
        seen_sends += "".join("r" if alert.resolved_at(at_ms) else "f" for alert in world.sent) or "."
        active = world.at("ALERTS", at_ms)
        wanted = {"p": "pending", "f": "firing"}.get(states[turn])
        labels = f'{{alertname="A", alertstate="{wanted}", i="1", severity="page"}}'
        assert active == ({f"ALERTS{labels}": 1.0} if wanted else {}), (turn, seen_states)
    assert (seen_states, seen_sends) == (states, sends)


def test_what_is_sent(tmp_path: Path) -> None:
    world = World(tmp_path)
    group = world.group(RULE.format(for_="1m", keep="0s"))
    for turn, value in enumerate("11120"):
        at_ms = T0 + turn * STEP_S * 1000
        world.feed(at_ms, {"x{i=1}": float(value)})
        group.evaluate(at_ms)
    url = "/graph?g0.expr=x+%3E+0&g0.tab=1"
    labels = {"alertname": "A", "i": "1", "severity": "page"}
    fired = T0 + 60_000
    firing, resolved = world.sent
    assert dict(firing.labels) == dict(resolved.labels) == labels
    assert firing == Alert(firing.labels, fired, fired + 240_000, firing.annotations, url, fired)
    # The last text stays: nothing is known of the value once the condition does not hold.
    assert dict(firing.annotations) == {"summary": "x is 1 at 1"}
    assert dict(resolved.annotations) == {"summary": "x is 2 at 1"}
    assert (resolved.starts_at_ms, resolved.ends_at_ms) == (fired, T0 + 120_000)


def test_series_of_alerts_end_with_a_mark(tmp_path: Path) -> None:
    world = World(tmp_path)
    group = world.group(RULE.format(for_="30s", keep="0s"))
    for turn, value in enumerate("1100"):
        world.feed(T0 + turn * 30_000, {"x{i=1}": float(value)})
        group.evaluate(T0 + turn * 30_000)
    assert world.stored("ALERTS") == {
        '{alertname="A", alertstate="pending", i="1", severity="page"}': [(0, 1.0), (30, None)],
        '{alertname="A", alertstate="firing", i="1", severity="page"}': [(30, 1.0), (60, None)],
    }
    since = float(T0 // 1000)
    assert world.stored("ALERTS_FOR_STATE") == {
        '{alertname="A", i="1", severity="page"}': [(0, since), (30, since), (60, None)]
    }


def test_alerts_of_one_rule_live_apart(tmp_path: Path) -> None:
    world = World(tmp_path)
    group = world.group(RULE.format(for_="30s", keep="0s"))
    rule = group.places[0].rule
    assert isinstance(rule, AlertingRule)
    for turn, (first, second) in enumerate([(1, 0), (1, 1), (1, 1), (0, 1)]):
        world.feed(T0 + turn * 30_000, {"x{i=1}": first, "x{i=2}": second})
        group.evaluate(T0 + turn * 30_000)
    states = {alert.labels["i"]: alert.state.value for alert in rule.alerts.values()}
    assert states == {"1": "inactive", "2": "firing"}
    assert [(alert.labels["i"], alert.resolved_at(T0 + 90_000)) for alert in world.sent] == [
        ("1", False),
        ("2", False),
        ("1", True),
    ]


def test_a_new_alert_after_a_resolved_one_starts_anew(tmp_path: Path) -> None:
    world = World(tmp_path)
    group = world.group(RULE.format(for_="0s", keep="0s"))
    for turn, value in enumerate("101"):
        world.feed(T0 + turn * 30_000, {"x{i=1}": float(value)})
        group.evaluate(T0 + turn * 30_000)
    assert [(each.starts_at_ms - T0, each.ends_at_ms - T0) for each in world.sent] == [
        (0, 240_000),
        (0, 30_000),
        (60_000, 300_000),
    ]


@pytest.mark.parametrize(
    ("interval", "delay_ms", "turns"),
    [("15s", 60_000, [0, 4, 8]), ("1m", 60_000, [0, 1, 2]), ("45s", 60_000, [0, 2, 4]), ("2m", 60_000, [0, 1, 2])],
)
def test_resend_delay(tmp_path: Path, interval: str, delay_ms: int, turns: list[int]) -> None:
    world = World(tmp_path)
    text = f"groups: [{{name: g, interval: {interval}, rules: [{{alert: A, expr: vector(1)}}]}}]"
    group = world.group(text, RuleOptions(resend_delay_ms=delay_ms))
    told: list[int] = []
    for turn in range(max(turns) + 1):
        group.evaluate(T0 + turn * group.interval_ms)
        told += [turn] * len(world.sent)
        for alert in world.sent:
            at_ms = T0 + turn * group.interval_ms
            assert alert.ends_at_ms == at_ms + 4 * max(group.interval_ms, delay_ms)
        world.sent.clear()
    assert told == turns
