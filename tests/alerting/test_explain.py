"""Why an alert is told or not, and when it is told next."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from alerting.fakes import START, ManualClock, alert, memory_tables
from hivesight.alerting import Alerting, AlertingMetrics, Flush, read_config
from hivesight.alerting.explain import Explanation, GroupPath, explain_by_file
from hivesight.alerting.matchers import parse_matchers
from hivesight.alerting.nflog import Listener, Target, Told
from hivesight.alerting.outlook import Prospect
from hivesight.alerting.route import Outcome
from hivesight.alerting.silence import SilenceRequest
from hivesight.model.labels import Labels

MINUTE, HOUR = 60_000, 3_600_000
CONFIG = """
route:
  receiver: all
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 1h
  routes:
  - {receiver: infra, matchers: [team=infra], routes: [{receiver: infra, matchers: [severity=critical]}]}
  - {receiver: night, matchers: [team=night], mute_time_intervals: [always], continue: true}
  - {receiver: hour, matchers: [team=~"night|hour"], active_time_intervals: [soon]}
  - {receiver: never, matchers: [team=hour]}
receivers: [{name: all}, {name: infra}, {name: night}, {name: hour}, {name: never}]
inhibit_rules:
- {name: worse, source_matchers: [severity=critical], target_matchers: [severity=warning]}
time_intervals:
- {name: always, time_intervals: [{years: ['1970:2100']}]}
- {name: soon, time_intervals: [{times: [{start_time: '12:00', end_time: '13:00'}]}]}
"""
HOOK = Listener(Target("all", "webhook", 0), send_resolved=True)
# 2025-10-09 at 08:53:20 UTC
NOON = START + 3 * HOUR + 6 * MINUTE + 40_000


class Pipeline:
    async def __call__(self, flush: Flush) -> bool:
        return True

    def listeners(self, receiver: str) -> Sequence[Listener]:
        return [Listener(Target(receiver, "webhook", 0), send_resolved=True)]

    async def close(self) -> None:
        return


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def room(clock) -> Alerting:
    made = Alerting(memory_tables(), clock, AlertingMetrics(CollectorRegistry()))
    config = read_config(Path("am.yml"), CONFIG).config
    assert config is not None
    made.apply(config, Pipeline())
    return made


def outcomes(explanation: Explanation) -> list[tuple[str, Outcome, str]]:
    return [(step.route.options.receiver, step.outcome, str(step.failed or "")) for step in explanation.steps]


def one(explanation: Explanation) -> tuple[GroupPath, Prospect]:
    (path,) = explanation.groups
    (prospect,) = path.prospects
    return path, prospect


def test_every_route_has_its_reason(room) -> None:
    explanation = room.explain(Labels({"team": "infra", "severity": "page"}))
    assert outcomes(explanation) == [
        ("all", Outcome.CHILD_TOOK, ""),
        ("infra", Outcome.TAKEN, ""),
        ("infra", Outcome.NO_MATCH, 'severity="critical"'),
        ("night", Outcome.AFTER_MATCH, ""),
        ("hour", Outcome.AFTER_MATCH, ""),
        ("never", Outcome.AFTER_MATCH, ""),
    ]
    assert explanation.alert is None and explanation.spans == ()


def test_one_that_is_not_there_would_be_told_after_group_wait(room) -> None:
    path, prospect = one(room.explain(Labels({"alertname": "A"})))
    assert (path.waiting, path.alerts, path.next_ms) == (False, 1, START + 30_000)
    assert path.key == '{}:{alertname="A"}'
    assert (prospect.told_ms, prospect.next_ms, prospect.reason) == (None, START + 30_000, "first notification")


def test_one_that_was_told_is_told_again_when_the_repeat_interval_is_over(room, clock) -> None:
    first = alert(alertname="A")
    room.put([first])
    (name,) = (first.fingerprint,)
    clock.ms = START + 30_000
    path = room.explain(first.labels).groups[0]
    assert (path.waiting, path.next_ms) == (True, START + 30_000)
    room.log.record([Told(HOOK.target, path.key, frozenset([name]), frozenset(), START + 30_000, HOUR, {})])
    path, prospect = one(room.explain(first.labels))
    assert (prospect.told_ms, prospect.knows) == (START + 30_000, True)
    # Flushes are at 30 s and every 5 minutes: at 1:00:30 the hour is not yet over.
    assert (prospect.next_ms, prospect.reason) == (START + 30_000 + HOUR + 5 * MINUTE, "repeat interval elapsed")
    second = alert(alertname="A", instance="2")
    room.put([second])
    _, prospect = one(room.explain(second.labels))
    assert (prospect.knows, prospect.next_ms, prospect.reason) == (False, path.next_ms, "new alerts added")


def test_a_silence_holds_back_until_its_end(room, clock) -> None:
    request = SilenceRequest(parse_matchers("alertname=A"), START, START + 10 * MINUTE, "ann", "deploy")
    silence = room.silences.set(request, START)
    path, prospect = one(room.explain(Labels({"alertname": "A"})))
    (hold,) = path.holds
    assert (hold.what, hold.why) == ("silence", f"silence {silence.id} by ann: deploy")
    assert hold.until_ms == START + 10 * MINUTE
    assert prospect.next_ms == START + 30_000 + 10 * MINUTE


def test_an_inhibition_holds_back_without_an_end_in_sight(room) -> None:
    room.put([alert(alertname="B", severity="critical")])
    path, prospect = one(room.explain(Labels({"alertname": "A", "severity": "warning"})))
    (hold,) = path.holds
    why = '{alertname="B", severity="critical"} fires, inhibit rule 1 \'worse\''
    assert (hold.what, hold.why, hold.until_ms, prospect.next_ms) == ("inhibition", why, None, None)


def test_time_intervals_hold_back_while_they_last(room) -> None:
    night, hour = room.explain(Labels({"team": "night"})).groups
    assert [(hold.what, hold.why, hold.until_ms) for hold in night.holds] == [("time_interval", "always", None)]
    assert night.prospects[0].next_ms is None
    assert [(hold.what, hold.why, hold.until_ms) for hold in hour.holds] == [("time_interval", "soon", NOON)]
    next_ms = hour.prospects[0].next_ms
    assert next_ms is not None and 0 <= next_ms - NOON < 5 * MINUTE
    assert (next_ms - START - 30_000) % (5 * MINUTE) == 0


def test_alerts_that_are_gone_are_known_by_the_journal(room) -> None:
    room.put([alert(alertname="A", n="2"), alert(alertname="A", n="1")])
    assert room.known(parse_matchers("alertname=A")) == [
        {"alertname": "A", "n": "1"},
        {"alertname": "A", "n": "2"},
    ]
    assert room.known(parse_matchers("n=2")) == [{"alertname": "A", "n": "2"}]
    assert room.known(parse_matchers("n=3")) == []


def test_a_file_alone_tells_of_routes_and_times() -> None:
    config = read_config(Path("am.yml"), CONFIG).config
    assert config is not None
    labels = Labels({"team": "night", "severity": "warning"})
    explanation = explain_by_file(config, labels, Pipeline().listeners, START)
    assert [path.route.options.receiver for path in explanation.groups] == ["night", "hour"]
    assert [hold.why for path in explanation.groups for hold in path.holds] == ["always", "soon"]
