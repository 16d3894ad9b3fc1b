"""An alert's life as the browser shows it, without a hand on the page: pending, firing and told, resolved and told."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from e2e.running import Counting, WebhookListener, serving

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: agent-hive-counting
    static_configs: [{{targets: ['{target}']}}]
"""
RULES = """
groups:
  - name: g
    rules:
      - alert: AgentHiveDown
        expr: up{job="agent-hive-counting"} == 0
        for: 4s
        labels: {severity: critical}
        annotations: {summary: 'Agent Hive service {{ $labels.job }} is down'}
"""
ALERTMANAGER = """
route: {{receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: hook, webhook_configs: [{{url: '{url}/hook'}}]}}]
"""


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs the Debian package chromium")
def test_the_browser_follows_an_alert(tmp_path: Path, target: Counting, webhook: WebhookListener) -> None:
    (tmp_path / "prometheus.yml").write_text(PROMETHEUS.format(target=target.address))
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "alertmanager.yml").write_text(ALERTMANAGER.format(url=webhook.url))
    files = ("--prometheus-config", str(tmp_path / "prometheus.yml"))
    files += ("--alertmanager-config", str(tmp_path / "alertmanager.yml"))
    with serving(tmp_path / "server", *files) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        overview, alerts = browser.new_page(), browser.new_page()
        overview.goto(f"{server.url}/?refresh=1s")
        alerts.goto(f"{server.url}/alerts?refresh=1s")
        tile = overview.locator(".tile", has_text="counting")
        expect(tile).to_contain_text("up", timeout=20_000)
        card = alerts.get_by_role("region", name="AgentHiveDown")
        expect(card).to_have_count(0)

        target.down = True
        expect(card).to_contain_text("1 pending", timeout=20_000)
        expect(tile).to_contain_text("503", timeout=20_000)
        expect(card).to_contain_text("1 firing", timeout=20_000)
        expect(card).to_contain_text("Agent Hive service agent-hive-counting is down")
        expect(card).to_contain_text(re.compile("webhook.*firing sent"), timeout=20_000)
        attention = overview.get_by_role("region", name="Needs attention")
        expect(attention).to_contain_text("AgentHiveDown", timeout=20_000)

        target.down = False
        expect(card).to_contain_text("1 resolved", timeout=20_000)
        expect(card).to_contain_text(re.compile("webhook.*resolved sent"), timeout=20_000)
        expect(attention).not_to_contain_text("AgentHiveDown", timeout=20_000)
        browser.close()
        assert [document["status"] for _, document in webhook.received] == ["firing", "resolved"]
