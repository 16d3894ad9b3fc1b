"""The pack's files are accepted by the real tools, and every alert in them is proven to fire and to be silent."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from hivesight import pack
from hivesight.rule_tests import run_file

RULES = sorted(pack.RULES.glob("*.yml"))
TESTS = sorted(pack.RULE_TESTS.glob("*.yml"))


def run(directory: Path, *command: str) -> str:
    package = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}[command[0]]
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]} of the Debian package {package}")
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("tests", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_and_are_silent(tests: Path) -> None:
    run(tests.parent, "promtool", "test", "rules", tests.name)
    ours = run_file(tests)
    assert not ours.fault and not ours.failed


@pytest.mark.parametrize("rules", RULES, ids=lambda path: path.stem)
def test_each_alert_has_a_test_where_it_fires_and_one_where_it_is_silent(rules: Path) -> None:
    tests = yaml.safe_load((pack.RULE_TESTS / f"{rules.stem}.test.yml").read_text())["tests"]
    cases = [case for test in tests for case in test.get("alert_rule_test", ())]
    told = [(case["alertname"], alert["exp_annotations"]) for case in cases for alert in case["exp_alerts"]]
    silent = {case["alertname"] for case in cases if not case["exp_alerts"]}
    alerts = re.findall(r"- alert: (\w+)", rules.read_text())
    assert set(alerts) == {alert for alert, _ in told} == silent | ({"Watchdog"} & set(alerts))
    for alert, annotations in told:
        assert annotations.keys() == {"summary", "description", "runbook_url"}
        assert annotations["runbook_url"] == f"/user/runbooks/{alert}.html"


def test_the_real_tools_accept_the_files(tmp_path: Path) -> None:
    pack.write(tmp_path)
    run(tmp_path, "promtool", "check", "config", "prometheus.yml")
    run(tmp_path, "amtool", "check-config", "alertmanager.yml")


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=AgentHiveDown severity=critical", "agent-hive-down"),
        ("alertname=NoActiveAgents severity=critical", "critical-alerts"),
        ("alertname=HighCPUUsage severity=warning", "warning-alerts"),
        ("alertname=Watchdog severity=none", "watchdog"),
        ("alertname=Other", "default"),
    ],
)
def test_each_alert_reaches_its_receiver(labels: str, receiver: str) -> None:
    command = ("amtool", "config", "routes", "test", "--config.file=alertmanager.yml", *labels.split())
    assert run(pack.FILES / "alertmanager", *command).strip() == receiver
