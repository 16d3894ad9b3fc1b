"""`hivesight alerts explain` and `hivesight routes`, against a running server and without one."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner, Result

from e2e.running import Server, WebhookListener, eventually, serving
from hivesight.cli.main import hivesight

RULES = """
groups:
- name: hive
  interval: 1s
  rules:
  - {alert: Watched, expr: 'vector(7)', labels: {severity: warning}}
  - {alert: Slow, expr: 'vector(1)', for: 1h, labels: {severity: info}}
  - {alert: HighErrorRate, expr: 'vector(1) > 2'}
"""
PROMETHEUS = "global: {external_labels: {cluster: x}}\nrule_files: [rules.yml]"
ALERTMANAGER = """
route:
  receiver: all
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  routes:
  - {matchers: ['team="infra"'], receiver: infra, routes: [{matchers: ['severity="critical"'], receiver: infra}]}
  - {matchers: ['severity="warning"'], receiver: pager, continue: true}
  - {matchers: ['alertname=~"W.*"'], receiver: infra, mute_time_intervals: [always]}
  - {matchers: ['severity="warning"'], receiver: all}
receivers:
- {name: all}
- {name: pager, webhook_configs: [{url: 'URL/pager'}]}
- {name: infra, webhook_configs: [{url: 'URL/infra'}]}
time_intervals: [{name: always, time_intervals: [{years: ['1970:2100']}]}]
"""
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Iterator[Path]:
    directory, listener = tmp_path_factory.mktemp("explain"), WebhookListener()
    (directory / "rules.yml").write_text(RULES)
    (directory / "prometheus.yml").write_text(PROMETHEUS)
    (directory / "alertmanager.yml").write_text(ALERTMANAGER.replace("URL", listener.url))
    yield directory
    listener.close()


@pytest.fixture(scope="module")
def server(folder) -> Iterator[Server]:
    files = [f"--{name}-config={name}.yml" for name in ("prometheus", "alertmanager")]
    with serving(folder, *files) as running:
        explained = f"{running.url}/hive/api/v1/alerts/explain"

        def told() -> bool:
            alerts = httpx2.get(explained, params={"filter": "alertname=Watched"}).json()["alerts"]
            return any(each["what"] == "told" for alert in alerts for each in alert["history"])

        eventually(told, 20, "told of Watched")
        yield running


@pytest.fixture
def run(server) -> Run:
    return lambda *words: CliRunner(env={"HIVESIGHT_URL": server.url}).invoke(hivesight, words)


def test_the_whole_story(run) -> None:
    result = run("alerts", "explain", "Watched")
    assert result.exit_code == 0, result.output
    text = result.output
    assert "FIRING since" in text and '{alertname="Watched", cluster="x", severity="warning"}' in text
    assert "Watched in group hive of " in text and "and still: firing, value 7" in text
    assert '├─ team="infra"  -> infra   no: it has no team' in text
    assert '├─ severity="warning"  -> pager, continue   TAKES IT' in text
    assert '└─ severity="warning"  -> all   not asked: a route before it took it, without continue' in text
    assert "HELD BACK by time interval always" in text
    assert "pager/webhook[0] told (first notification): 200: ok" in text


def test_json(run) -> None:
    (alert,) = json.loads(run("alerts", "explain", "Watched", "--output", "json").output)["alerts"]
    pager, infra = alert["groups"]
    assert (pager["receiver"], pager["holds"], infra["holds"][0]["why"]) == ("pager", [], "always")
    (hook,) = pager["integrations"]
    assert hook["told_of_this_alert"] and hook["next_reason"] == "repeat interval elapsed"
    (rule,) = alert["rules"]
    assert (rule["alert"]["value"], rule["health"]) == ("7", "ok")


def test_pending(run) -> None:
    text = run("alerts", "explain", "Slow", "severity=info").output
    assert text.startswith("PENDING  ") and "fires at" in text
    assert "does not hold it, looked at 0s after the alert comes" in text
    assert "nobody is told: all has no integrations" in text


def test_an_alert_that_never_was(run) -> None:
    result = run("alerts", "explain", "HighErrorRate")
    assert result.exit_code == 1 and "its condition does not hold" in result.output
    result = run("alerts", "explain", "HighErorRate")
    assert result.exit_code == 1 and "Near it: HighErrorRate" in result.output


def test_several(run) -> None:
    result = run("alerts", "explain", "cluster=x", "--limit", "1")
    assert result.exit_code == 0 and "... and 1 more" in result.output


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["alerts", "explain", 'severity=~"("'], "bad regular expression"),
        (["alerts", "explain", "X", "--start", "soon"], "'soon' is no time"),
        (["routes", "test", "critical"], "write name=value"),
        (["alerts", "explain"], "Missing argument"),
    ],
)
def test_wrong_questions(run, words, reason) -> None:
    result = run(*words)
    assert result.exit_code == 2 and reason in result.output


def test_would_i_be_told(run) -> None:
    result = run("routes", "test", "alertname=X", "severity=critical", "team=infra", "--receivers", "infra")
    assert result.exit_code == 0, result.output
    assert 'severity="critical"  -> infra   TAKES IT' in result.output
    assert "webhook[0]: not told of the group yet; next at" in result.output
    result = run("routes", "test", "severity=warning", "--receivers", "pager, all")
    assert result.exit_code == 0
    result = run("routes", "test", "severity=warning", "--receivers", "all")
    assert result.exit_code == 1 and "told are pager,all, not all" in result.output


def test_by_the_file_alone(folder) -> None:
    def run(*words: str) -> Result:
        return CliRunner().invoke(hivesight, [*words, "--alertmanager-config", str(folder / "alertmanager.yml")])

    shown = run("routes", "show").output.splitlines()
    assert shown[:3] == [
        "(root)  -> all",
        '├─ team="infra"  -> infra',
        '│  └─ severity="critical"  -> infra',
    ]
    result = run("routes", "test", "alertname=W", "severity=warning", "--output", "json")
    assert [group["receiver"] for group in json.loads(result.output)["groups"]] == ["pager", "infra"]
    broken = folder / "broken.yml"
    broken.write_text("route: {receiver: nobody}\nreceivers: []\n")
    result = CliRunner().invoke(hivesight, ["routes", "show", "--alertmanager-config", str(broken)])
    assert result.exit_code != 0


def test_the_tree_of_the_server(run) -> None:
    assert len(run("routes", "show").output.splitlines()) == 6


def test_a_server_that_does_not_answer() -> None:
    result = CliRunner().invoke(hivesight, ["alerts", "explain", "X", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 1 and "no server answers" in result.output
