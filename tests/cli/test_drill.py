"""`hivesight drill`: what it reads, shows and refuses."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hivesight.cli.drill import drill

FILES = {
    "hivesight.yml": "prometheus_config: prometheus.yml\nalertmanager_config: alertmanager.yml\n",
    "prometheus.yml": "global: {evaluation_interval: 15s, external_labels: {cluster: c1}}\nrule_files: [rules.yml]\n",
    "rules.yml": """
        groups:
          - name: g
            rules:
              - {alert: Down, expr: up == 0, for: 1m, annotations: {summary: '{{ $labels.job }} is down'}}
              - {alert: Never, expr: count(up) == 0}
    """,
    "alertmanager.yml": """
        route: {receiver: team}
        receivers:
          - name: team
            webhook_configs: [{url: 'http://hook.invalid'}]
            pagerduty_configs: [{routing_key_file: secrets/not-there}]
    """,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(re.sub(r"^ {8}", "", text, flags=re.MULTILINE))
    return tmp_path


def run(*words: object) -> Result:
    return CliRunner().invoke(drill, [str(word) for word in words])


def test_a_table_tells_of_every_rule(folder: Path) -> None:
    result = run("--config", folder)
    assert result.exit_code == 1
    down, never = [line for line in result.stdout.splitlines() if line.startswith(("Down ", "Never "))]
    assert re.fullmatch(r"Down +after \S+ +yes +after \S+ +team \(pagerduty, webhook\) +\S.*", down), down
    assert re.fullmatch(r"Never +no +- +- +- *", never), never
    assert "Never: cannot be made true: this is always false" in result.stdout
    assert "1 of 2 alerting rules fire" in result.stdout


def test_a_rule_that_is_named_is_told_step_by_step(folder: Path) -> None:
    result = run("Down", "--config", folder / "hivesight.yml")
    assert result.exit_code == 0, result.output
    for step in (
        "pending",
        "firing",
        "told: webhook[0] of team",
        "the fault is over",
        "resolved",
        "told that it is over",
    ):
        assert re.search(rf"\+\S+  {re.escape(step)}", result.stdout), step
    assert '"cluster": "c1"' in result.stdout and "up is down" not in result.stdout


def test_programs_get_all_of_it(folder: Path) -> None:
    result = run("Down", "--output", "json", "--rules", folder / "rules.yml", "--config", folder)
    # The log of the tests' process goes there too.
    (rule,) = json.loads(result.stdout[result.stdout.index("[\n") :])
    deliveries = rule["faults"][0]["deliveries"]
    assert rule["passed"] and {each["integration"] for each in deliveries} == {"webhook[0]", "pagerduty[0]"}
    assert [each["reason"] for each in deliveries][::2] == ["first notification", "all alerts resolved"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["Dwon", "--config", "FOLDER"], "did you mean Down?"),
        (["--rules", "FOLDER/rules.yml"], "--alertmanager-config"),
        (["--config", "FOLDER/none"], "does not exist"),
    ],
)
def test_what_cannot_be_drilled_is_said(folder: Path, words: list[str], says: str) -> None:
    result = run(*(each.replace("FOLDER", str(folder)) for each in words))
    assert result.exit_code == 2 and says in result.stderr
