"""The heartbeat of a whole server: rules, alerting and the way out."""

from pathlib import Path

import httpx2

from e2e.running import eventually, serving
from notify.helpers import receiver

RULE = "groups: [{name: g, interval: 1s, rules: [{alert: Watchdog, expr: vector(1)}]}]"


def settings(directory: Path, url: str, rule: str) -> list[str]:
    (directory / "hivesight.yml").write_text(f"heartbeat: {{url: '{url}', interval: 1s}}\nhost: {{enabled: false}}\n")
    (directory / "prometheus.yml").write_text("rule_files: [rules.yml]\n")
    (directory / "rules.yml").write_text(rule)
    return ["--config", "hivesight.yml", "--prometheus-config", "prometheus.yml"]


def test_it_beats_while_alerts_get_through(tmp_path: Path) -> None:
    with receiver() as there, serving(tmp_path, *settings(tmp_path, there.url, RULE)) as server:
        eventually(lambda: len(there.requests) > 1, 20, "two heartbeats")
        (tmp_path / "rules.yml").write_text("groups: []")
        assert httpx2.post(server.url + "/-/reload").status_code == 200
        assert "no rule makes the alert 'Watchdog'" in server.output()


def test_it_does_not_beat_without_the_alert(tmp_path: Path) -> None:
    with receiver() as there, serving(tmp_path, *settings(tmp_path, there.url, "groups: []")) as server:
        assert "no rule makes the alert 'Watchdog'" in server.output()
        withheld = 'hivesight_heartbeats_total{outcome="withheld"} 1.0'
        eventually(lambda: withheld in httpx2.get(server.url + "/metrics").text, 20, "a heartbeat that was withheld")
        assert there.requests == []
