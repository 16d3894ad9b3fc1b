"""A panel's thresholds are the numbers in the expressions of its alerts."""

import re
from pathlib import Path

import pytest
import yaml

from hivesight import pack
from hivesight.pack.dashboards.catalogue import DASHBOARDS
from hivesight.pack.dashboards.generator import DashboardGenerator
from hivesight.pack.dashboards.limits import Limit, LimitError, limit, steps
from pack.panels import panels, read

ALERTS = {
    rule["alert"]: rule
    for path in pack.RULES.glob("*.yml")
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
}
PANELS = [
    pytest.param(dashboard.name, panel, id=f"{dashboard.name}-{panel.title}")
    for dashboard in DASHBOARDS
    for panel in dashboard.panels()
    if panel.alerts
]


@pytest.mark.parametrize(("name", "panel"), PANELS)
def test_a_panel_changes_colour_where_its_alert_compares(name, panel) -> None:
    (shown,) = (each for each in panels(read(name)) if each["title"] == panel.title)
    edges = [step["value"] for step in shown["fieldConfig"]["defaults"]["thresholds"]["steps"][1:]]
    assert len(edges) == len(panel.alerts)
    for alert in panel.alerts:
        numbers = {float(each) for each in re.findall(r"(?:>|<|==) (\d+(?:\.\d+)?)\b", ALERTS[alert]["expr"])}
        assert any(abs(edge - number) < 1e-6 or edge - 1 == number == 0 for edge in edges for number in numbers)
        assert any(link["url"].endswith(f"/alerts?q={alert}") for link in shown["links"])
        runbook = f"/api/datasources/proxy/uid/${{datasource}}/user/runbooks/{alert}.html"
        assert runbook in [link["url"] for link in shown["links"]]


@pytest.mark.parametrize(
    ("alert", "labels", "op", "value"),
    [
        ("HighCPUUsage", {}, ">", 0.85),
        ("HighTaskFailureRate", {}, ">", 0.1),
        ("ExternalAPIHighLatency", {"service": "github"}, ">", 5),
        ("ExternalAPIHighLatency", {"service": "model"}, ">", 60),
        ("AgentsStuck", {}, ">", 60),
        ("NoActiveAgents", {}, "==", 0),
        ("LowDecisionConfidence", {}, "<", 0.7),
    ],
)
def test_the_number_that_an_alert_compares_with(alert, labels, op, value) -> None:
    found = limit(alert, labels)
    assert (found.op, found.value, found.severity) == (op, value, ALERTS[alert]["labels"]["severity"])


@pytest.mark.parametrize(("alert", "message"), [("NoSuch", "no alert NoSuch"), ("Watchdog", "no number")])
def test_an_alert_without_a_limit_is_an_error(alert: str, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        limit(alert)


def of(op: str, value: float, severity: str = "warning") -> Limit:
    return Limit("A", op, value, severity)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((of(">", 80), of(">", 90, "critical")), ((None, "green"), (80, "orange"), (90, "red"))),
        ((of("<", 3), of("==", 0, "critical")), ((None, "red"), (1, "orange"), (3, "green"))),
        ((of("<", 0.7),), ((None, "orange"), (0.7, "green"))),
        ((of(">", 0),), ((None, "green"), (1e-9, "orange"))),
        ((of(">", 5, "info"),), ((None, "green"), (5, "yellow"))),
    ],
)
def test_limits_as_thresholds(limits, expected) -> None:
    assert steps(limits) == expected


def test_limits_on_both_sides_are_an_error() -> None:
    with pytest.raises(LimitError, match="two panels"):
        steps((of("<", 1), of(">", 2)))


def test_a_panel_leads_to_the_runbooks_of_its_alerts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = "{alert: AgentHiveDown, expr: up == 0, annotations: {runbook_url: 'https://runbooks.example/down'}}"
    (tmp_path / "rules.yml").write_text(f"groups: [{{name: g, rules: [{rule}]}}]")
    monkeypatch.setattr(pack, "RULES", tmp_path)
    links = DashboardGenerator().add_system_health_panel()["links"]
    assert [(link["title"], link["url"]) for link in links] == [
        ("AgentHiveDown", "${hivesight}/alerts?q=AgentHiveDown"),
        ("Runbook of AgentHiveDown", "https://runbooks.example/down"),
    ]
