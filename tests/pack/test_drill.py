"""Alerts of the pack from their fault to the pack's own receivers. `hivesight drill` does all of them, which takes a
minute; here is one of each file."""

import pytest
from click.testing import CliRunner

from hivesight import pack
from hivesight.cli.drill import drill


@pytest.mark.parametrize(
    ("alert", "reaches"),
    [
        ("NoActiveAgents", "critical-alerts (email, pagerduty, slack, webhook)"),
        ("HighMemoryUsage", "warning-alerts (email, slack)"),
        ("TargetDown", "warning-alerts (email, slack)"),
        ("Watchdog", "watchdog (nobody)"),
        ("AccessDeniedBurst", "warning-alerts (email, slack)"),
    ],
)
def test_an_alert_reaches_its_receiver(alert: str, reaches: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hivesight.telemetry.log.configure", lambda *_: None)
    result = CliRunner().invoke(drill, [alert, "--config", str(pack.FILES)])
    assert result.exit_code == 0, result.output
    table = result.stdout[result.stdout.index("rule  ") :]
    row = next(line for line in table.splitlines() if line.startswith(alert))
    assert reaches in row
