"""The README's steps: a live hive, a service killed, the alert seen, delivered, and resolved. Intervals are cut to
seconds; everything else is the pack's own files."""

import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from e2e.running import MailServer, Server, WebhookListener, eventually, serving
from hivesight import pack

DOWN = "AgentHiveDown"


def shortened(text: str) -> str:
    """The same file with every wait cut to a second or two."""
    text = re.sub(r"(scrape_interval|scrape_timeout|evaluation_interval|interval): \d+s", r"\1: 1s", text)
    text = re.sub(r"\bfor: \d+m", "for: 4s", text)
    return re.sub(r"(group_wait|group_interval): \d+[sm]", r"\1: 1s", text)


@pytest.fixture
def files(tmp_path: Path, webhook: WebhookListener, mail: MailServer) -> Path:
    """The pack with short waits, mail and webhooks going to the test's own receivers."""
    directory = tmp_path / "files"
    pack.write(directory)
    for path in directory.rglob("*.yml"):
        text = shortened(path.read_text())
        text = text.replace("targets/", f"{tmp_path}/server/data/demo/targets/")
        text = text.replace("localhost:8025", mail.address).replace("http://localhost:8086", webhook.url)
        path.write_text(text)
    (directory / "secrets").mkdir()
    (directory / "secrets" / "slack_url").write_text(f"{webhook.url}/slack")
    return directory


def fault(server: Server, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "hivesight", "demo", "fault", *arguments, "--data", str(server.directory / "data")],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_killed_service_is_seen_told_and_resolved(
    tmp_path: Path, files: Path, webhook: WebhookListener, mail: MailServer
) -> None:
    arguments = ("--demo", "--prometheus-config", str(files / "prometheus.yml"))
    arguments += ("--alertmanager-config", str(files / "alertmanager.yml"))
    with serving(tmp_path / "server", *arguments) as server:
        eventually(lambda: server.value('sum(up{job=~"agent-hive-.*"})') == 4, 30, "four services are up")
        eventually(lambda: server.value("sum(agent_hive_tasks_completed_total) > 0"), 30, "tasks are done")
        eventually(lambda: server.value('sum(agent_hive_active_agents_total{status="active"})'), 10, "agents")
        # A scrape before a service listened leaves a pending alert that the next evaluation takes back.
        eventually(lambda: server.alerts(DOWN) == [], 10, "no alert in health")

        fault(server, "kill", "event-streaming")
        eventually(lambda: [a for a in server.alerts(DOWN) if a["state"] == "pending"], 15, "pending")
        eventually(lambda: [a for a in server.alerts(DOWN) if a["state"] == "firing"], 15, "firing")
        told = eventually(lambda: webhook.notifications(DOWN, "firing"), 15, "webhook told")[0]
        assert told["receiver"] == "agent-hive-down" and told["version"] == "4"
        alert = told["alerts"][0]
        assert alert["labels"]["job"] == "agent-hive-event-streaming"
        assert alert["labels"]["severity"] == "critical" and alert["labels"]["cluster"] == "agent-hive"
        assert "agent-hive-event-streaming is down" in alert["annotations"]["summary"]
        message = eventually(lambda: [m for m in mail.messages if DOWN in m["Subject"]], 15, "mail told")[0]
        assert "FIRING" in message["Subject"] and message["To"].startswith("ops-team@agent-hive.example")
        text = message.get_body(("plain", "html"))
        assert text is not None and "agent-hive-event-streaming is down" in text.get_content()
        suppressed = server.get("/api/v2/alerts", filter=f'alertname="{DOWN}"')
        assert suppressed[0]["status"]["state"] == "active"
        assert suppressed[0]["receivers"] == [{"name": "agent-hive-down"}]
        deliveries = server.get("/hive/api/v1/notifications")["notifications"]
        assert {"webhook", "email", "slack"} <= {d["integration"] for d in deliveries if d["outcome"] == "sent"}

        fault(server, "heal")
        eventually(lambda: webhook.notifications(DOWN, "resolved"), 20, "webhook told of the end")
        eventually(lambda: [s for s in mail.subjects() if DOWN in s and "RESOLVED" in s], 20, "mail told of the end")
        eventually(lambda: server.alerts(DOWN) == [], 10, "alert gone")
        # Each receiver heard each change once.
        for status in ("firing", "resolved"):
            assert len(webhook.notifications(DOWN, status)) == 1
        hive = httpx2.get(f"{server.url}/hive/api/v1/status").json()["demo"]["inbox_url"]
        assert server.stop() == 0
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(hive)
