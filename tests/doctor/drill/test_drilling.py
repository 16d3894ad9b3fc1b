"""What a drill finds: each row is rules, routes and unit tests, and what is wrong with them."""

import textwrap
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hivesight.alerting import read_config
from hivesight.doctor.drill import Drilled, RuleSet, Setting, Telling, UnitTests, drill
from hivesight.ingest.relabel import relabelling
from hivesight.rules import RuleFile, RuleOptions, read_rule_file

ROUTES = """
route: {receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 1m}
receivers: [{name: team, slack_configs: [{api_url: 'http://chat.invalid', send_resolved: true}]}, {name: nobody}]
"""
DOWN = """
groups:
  - name: g
    interval: 15s
    rules:
      - {alert: Down, expr: up == 0, for: 1m, labels: {severity: warning},
         annotations: {summary: '{{ $labels.job }} is down'}}
"""
TESTS = """
rule_files: [rules.yml]
evaluation_interval: 15s
tests:
  - name: fault
    interval: 15s
    input_series: [{series: 'up{job="api"}', values: '1x8 0x8'}]
    alert_rule_test:
      - {alertname: Down, eval_time: 1m, exp_alerts: []}
      - {alertname: Down, eval_time: 4m, exp_alerts: [{exp_labels: {job: api, severity: warning}}]}
"""
HEALTH = """
  - name: health
    interval: 30s
    input_series: [{series: 'up{job="api"}', values: '1x20'}]
    promql_expr_test: [{expr: count(ALERTS), eval_time: 5m, exp_samples: []}]
"""
WATCHDOG = "      - {alert: Watchdog, expr: vector(1)}\n"
MUTED_BY_WATCHDOG = "inhibit_rules: [{source_matchers: ['alertname=Watchdog'], target_matchers: ['alertname=Down']}]"


@dataclass(frozen=True)
class Room:
    """A folder with rules, routes and unit tests, in which rules are drilled."""

    folder: Path

    def drilled(self, rules: str = DOWN, tests: str = "", routes: str = ROUTES, name: str = "Down") -> Drilled:
        (self.folder / "rules.yml").write_text(rules)
        if tests:
            (self.folder / "rules.test.yml").write_text(tests)
        source = read_rule_file(self.folder / "rules.yml")
        assert source.file is not None, source.diagnostics
        groups = tuple(replace(each, interval_ms=each.interval_ms or 15_000) for each in source.file.groups)
        rule_set = RuleSet([(source.path, RuleFile(groups=groups))])
        telling = Telling(
            read_config(self.folder / "alertmanager.yml", textwrap.dedent(routes)),
            relabelling(()),
            "http://hive.example",
        )
        setting = Setting(rule_set, UnitTests(rule_set), telling, RuleOptions(15_000))
        return drill(next(each for each in rule_set.alerts if each.name == name), setting)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def wrong(drilled: Drilled) -> list[str]:
    return [f"{each.kind}: {each.text}" for each in drilled.problems]


def test_an_alert_is_followed_from_health_to_its_receiver_and_to_its_end(room: Room) -> None:
    found = room.drilled(tests=TESTS)
    assert wrong(found) == []
    (passage,) = found.passages
    assert passage.origin == "test 'fault' of rules.test.yml" and found.health == (passage.origin,)
    # The samples turn to 0 after 2m 15s, 1m 15s after the last moment at which silence was expected.
    assert (passage.fires_after_ms, passage.over_after_ms) == (135_000, 15_000)
    assert passage.hearing is not None and passage.hearing.receivers == ("team",)
    (told,), (ended,) = passage.hearing.told, passage.hearing.ended
    assert told.at_ms - (passage.fired_ms or 0) == 30_000 and told.messages[0].title == "[FIRING:1] Down api (warning)"
    assert "api is down" in told.messages[0].text and passage.over_ms is not None and ended.at_ms > passage.over_ms


def test_without_unit_tests_the_series_are_made(room: Room) -> None:
    found = room.drilled()
    assert wrong(found) == [] and [each.origin for each in found.passages] == ["series made from its expression"]


def test_what_fires_only_under_series_that_no_exporter_has_does_not_pass(room: Room) -> None:
    errors = 'rate(agent_hive_tasks_completed_total{status="error"}[5m])'
    found = room.drilled(DOWN.replace("up == 0", f"'{errors} / rate(agent_hive_tasks_completed_total[5m]) > 0.1'"))
    assert [each for each in wrong(found) if each.startswith("doctor: ") and "promql/pairs-with-itself" in each], wrong(
        found
    )


def test_an_alert_that_asks_for_no_series_always_fires(room: Room) -> None:
    found = room.drilled(DOWN + WATCHDOG, routes=ROUTES.replace("receiver: team", "receiver: nobody"), name="Watchdog")
    assert found.always and wrong(found) == []


@pytest.mark.parametrize(
    ("rules", "tests", "routes", "problem"),
    [
        pytest.param(
            DOWN.replace("up == 0", "count(up) == 0"),
            "",
            ROUTES,
            "fires: cannot be made true: this is always",
            id="never",
        ),
        pytest.param(DOWN.replace("for: 1m", "for: 1h"), TESTS, ROUTES, "fires: does not fire by 4m", id="too late"),
        pytest.param(
            DOWN.replace("for: 1m, ", ""), TESTS.replace("1x8", "0x8"), ROUTES, "silent: fires in health", id="loud"
        ),
        pytest.param(
            DOWN,
            TESTS,
            ROUTES.replace("receiver: team", "receiver: nobody"),
            "receivers: its receiver nobody",
            id="nobody",
        ),
        pytest.param(
            DOWN,
            TESTS,
            ROUTES.replace("'http://chat.invalid'", "'http://chat.invalid', title: '{{ template `none` . }}'"),
            "receivers: slack[0] of team cannot be told",
            id="not rendered",
        ),
        pytest.param(
            DOWN.replace("$labels.job }}", "template `none` }}"),
            TESTS,
            ROUTES,
            "receivers: summary is told as",
            id="words",
        ),
        pytest.param(
            DOWN + WATCHDOG, TESTS + HEALTH, ROUTES + MUTED_BY_WATCHDOG, "receivers: always held back", id="inhibited"
        ),
    ],
)
def test_what_is_wrong_is_named(room: Room, rules: str, tests: str, routes: str, problem: str) -> None:
    found = wrong(room.drilled(rules, tests, routes))
    assert [each for each in found if each.startswith(problem)], found


def test_an_alert_that_only_its_graver_sister_mutes_is_told_and_the_sister_named(room: Room) -> None:
    rules = DOWN + "      - {alert: Gone, expr: up == 0, for: 1m, labels: {severity: critical}}\n"
    mute = "inhibit_rules: [{source_matchers: ['severity=critical'], target_matchers: ['severity=warning']}]"
    found = room.drilled(rules, TESTS, ROUTES + mute)
    assert wrong(found) == [] and found.first is not None and found.first.hearing is not None
    assert 'alertname="Gone"' in found.first.hearing.muted_by


def test_an_alert_on_what_is_absent_is_ended_by_series_of_health(room: Room) -> None:
    rules = DOWN.replace("up == 0", "'absent(up{job=\"api\"})'").replace("{{ $labels.job }}", "api")
    found = room.drilled(rules, TESTS.replace("'1x8 0x8'", "'1x8 stale'") + HEALTH)
    assert wrong(found) == [] and found.first is not None and found.first.over_after_ms is not None


def test_an_alert_that_a_time_interval_mutes_is_drilled_at_another_time(room: Room) -> None:
    routes = """
        route:
          receiver: nobody
          routes: [{matchers: [alertname=Down], receiver: team, active_time_intervals: [night]}]
        time_intervals: [{name: night, time_intervals: [{times: [{start_time: '20:00', end_time: '24:00'}]}]}]
        receivers: [{name: team, webhook_configs: [{url: 'http://hook.invalid'}]}, {name: nobody}]
    """
    found = room.drilled(tests=TESTS, routes=routes)
    assert wrong(found) == [] and found.first is not None and found.first.hearing is not None
    assert found.first.hearing.muted_by == "night"
