"""The drill on the demo without the demo: what is cut, what is known of the pack, and how an alert is followed."""

from pathlib import Path

import pytest

from hivesight import config as configuration
from hivesight import pack
from hivesight.alerting import ConfigFile
from hivesight.alerting.config_check import read_config
from hivesight.config import Config, Options
from hivesight.demo.drill import fault_for, hurried
from hivesight.demo.drill.faults import Fault
from hivesight.demo.drill.following import Following
from hivesight.demo.drill.judging import judged
from hivesight.demo.drill.staging import staged
from hivesight.demo.drill.watching import Standing
from hivesight.doctor.drill import RuleSet, Telling
from hivesight.doctor.rehearsal import Collector, Delivery, Message
from hivesight.ingest.relabel import relabelling
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels
from hivesight.query.promql import parse
from hivesight.query.promql.ast import MatrixSelector
from hivesight.query.promql.walk import walk
from hivesight.rules import read_rules

ROUTES = """
route: {receiver: team, group_wait: 30s}
receivers:
  - name: team
    webhook_configs: [{url: 'http://a.invalid'}, {url: 'http://b.invalid', send_resolved: false}]
"""
NO_WAITS = "{route: {receiver: a}, receivers: [{name: a}]}"
RULE = "groups: [{name: g, interval: 15s, rules: [{alert: Down, expr: up == 0}]}]"
LABELS = Labels({"alertname": "Down", "job": "j"})
TOLD = Labels({"alertname": "Down", "job": "j", "cluster": "c"})


@pytest.fixture(scope="module")
def files() -> Config:
    return configuration.load(Options(config=pack.FILES / "hivesight.yml"))


def test_hurry_cuts_every_wait(files: Config) -> None:
    cut = hurried(files)
    rules = [(group, rule) for _, file in cut.rules for group in file.groups for rule in group.rules]
    assert {group.interval_ms for group, _ in rules} == {1_000}
    assert max(rule.for_ms for _, rule in rules) == 4_000
    ranges = [each.range_ms for _, rule in rules for each in walk(parse(rule.expr)) if isinstance(each, MatrixSelector)]
    assert max(ranges) == 20_000
    assert cut.alertmanager.config is not None
    telling = Telling(cut.alertmanager, relabelling(()), "")
    assert all(each.options.group_wait_ms <= 1_000 for each in telling.tree.walk())
    assert all(each.options.group_interval_ms == 1_000 for each in telling.tree.walk())
    before = [rule.alert or rule.record for _, file in files.rules for group in file.groups for rule in group.rules]
    assert [rule.name for _, rule in rules] == before


def test_waits_that_a_file_does_not_say_are_cut_too(files: Config) -> None:
    cut = hurried(Config(files.settings, files.data, files.prometheus, (), routes(NO_WAITS), ()))
    (root,) = Telling(cut.alertmanager, relabelling(()), "").tree.walk()
    assert (root.options.group_wait_ms, root.options.group_interval_ms) == (1_000, 1_000)


def test_nothing_of_somebody_is_scraped_or_told(files: Config, tmp_path: Path) -> None:
    hive = tmp_path / "prometheus.yml"
    hive.write_text("scrape_configs: [{job_name: hive, static_configs: [{targets: ['127.0.0.1:1']}]}]")
    collector = Collector()
    made = staged(files, hive, tmp_path / "data", collector, lambda config: config)
    assert [each.job_name for each in made.prometheus.scrape_configs] == ["hive"]
    assert made.prometheus.remote_write == () and not made.settings.other_alertmanagers
    assert not made.settings.heartbeat.on and made.settings.listen == "127.0.0.1:0"
    assert made.alertmanager.config is not None
    urls = [each.url for one in made.alertmanager.config.receivers for each in one.webhook_configs]
    assert urls and all(each is not None and each.reveal().startswith("http://127.0.0.1:") for each in urls)


def test_the_pack_has_every_alert_that_there_is_a_fault_for(files: Config) -> None:
    known = [each.name for each in RuleSet(files.rules).alerts if fault_for(each.name)]
    assert {"AgentHiveDown", "HighTaskFailureRate", "AgentsStuck", "TaskQueueBacklog"} <= set(known)
    assert fault_for("NewExternalService") is None


def routes(text: str) -> ConfigFile:
    return read_config(Path("alertmanager.yml"), text)


@pytest.fixture
def followed() -> Following:
    file = read_rules(RULE, "rules.yml").file
    assert file is not None
    (subject,) = RuleSet([("rules.yml", file)]).alerts
    telling = Telling(routes(ROUTES), relabelling(()), "http://localhost")
    return Following(subject, Fault("kill", "s"), telling, Labels({"cluster": "c"}), lambda _: None)


def delivery(at_ms: int, index: int, *, over: bool = False) -> Delivery:
    alert = (Alert(TOLD, starts_at_ms=0, ends_at_ms=0, updated_at_ms=0),)
    said = ((), alert) if over else (alert, ())
    return Delivery(at_ms, "team", f"webhook[{index}]", Labels(), *said, "", (Message("t", "t"),))


def fire(one: Following) -> None:
    one.see(Standing(evaluated=True), 1_000)
    one.begin(10_000)
    one.see(Standing("pending", evaluated=True), 11_000)
    one.see(Standing("firing", frozenset({LABELS}), True), 20_000)


def end(one: Following) -> None:
    one.heal(40_000)
    one.see(Standing(evaluated=True), 45_000)


def test_an_alert_is_followed_to_its_end(followed: Following) -> None:
    fire(followed)
    followed.hear(delivery(9_000, 0))
    assert not followed.told, "said of an earlier fault"
    followed.hear(delivery(25_000, 0))
    followed.hear(delivery(26_000, 0))
    assert not followed.all_told
    followed.hear(delivery(26_000, 1))
    assert followed.all_told
    end(followed)
    assert not followed.all_ended
    followed.hear(delivery(50_000, 0, over=True))
    assert followed.all_ended, "the other wants no news of the end"
    found = judged(followed, "health")
    assert found.passed and found.first is not None and found.health == ("health",)
    assert (found.first.fires_after_ms, found.first.over_after_ms) == (10_000, 5_000)


def test_who_is_not_told_is_named(followed: Following) -> None:
    fire(followed)
    followed.hear(delivery(25_000, 0))
    end(followed)
    (problem,) = judged(followed, "health").problems
    assert problem.kind == "receivers" and "team is not told" in problem.text


def test_one_that_another_holds_back_is_well(followed: Following) -> None:
    fire(followed)
    assert followed.unheard
    followed.hold("Worse")
    end(followed)
    assert followed.told_or_held and followed.all_ended
    found = judged(followed, "health")
    assert found.passed and found.first is not None and found.first.hearing is not None
    assert found.first.hearing.muted_by == "Worse fires"


def test_the_silence_of_health_begins_with_an_evaluation(followed: Following) -> None:
    followed.see(Standing(), 1_000)
    assert followed.silent_since_ms is None
    followed.see(Standing(evaluated=True), 2_000)
    followed.see(Standing("pending", evaluated=True), 3_000)
    assert followed.silent_since_ms is None
