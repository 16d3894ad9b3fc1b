"""The pack's files are accepted by the real tools, and every alert in them is proven to fire and to be silent."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

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
def test_no_alert_is_without_a_test(rules: Path) -> None:
    alerts = re.findall(r"- alert: (\w+)", rules.read_text())
    tested = (pack.RULE_TESTS / f"{rules.stem}.test.yml").read_text()
    assert alerts and not [alert for alert in alerts if not re.search(rf"\b{alert}\b", tested)]


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
