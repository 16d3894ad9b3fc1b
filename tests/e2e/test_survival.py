"""SIGKILL at any moment: nothing acknowledged is lost, alerts go on, nobody is told twice."""

import signal
import time
from datetime import datetime
from pathlib import Path

from e2e.running import Counting, Server, WebhookListener, eventually


def write_files(directory: Path, target: Counting, webhook: WebhookListener) -> tuple[str, ...]:
    directory.mkdir()
    (directory / "prometheus.yml").write_text(
        f"""
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: counting
    static_configs:
      - targets: ['{target.address}']
"""
    )
    (directory / "rules.yml").write_text(
        """
groups:
  - name: g
    rules:
      - alert: Down
        expr: up{job="counting"} == 0
        for: 2s
      - alert: Slow
        expr: up{job="counting"} == 0
        for: 1h
"""
    )
    (directory / "alertmanager.yml").write_text(
        f"""
route: {{receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: hook
    webhook_configs: [{{url: '{webhook.url}/hook'}}]
"""
    )
    return (
        *("--prometheus-config", str(directory / "prometheus.yml")),
        *("--alertmanager-config", str(directory / "alertmanager.yml")),
    )


def scraped(server: Server) -> list[list[float]]:
    """Every stored sample of the counter, a list for a series."""
    found = server.query("scrapes_total[10m]")
    return [[float(value) for _, value in series["values"]] for series in found]


def test_samples_and_alerts_survive_sigkill(tmp_path: Path, target: Counting, webhook: WebhookListener) -> None:
    arguments = write_files(tmp_path / "files", target, webhook)
    server = Server(tmp_path / "server", *arguments).ready()
    try:
        eventually(lambda: (server.value("scrapes_total") or 0) >= 2, 15, "scraped twice")
        before = scraped(server)[0]
        server.stop(signal.SIGKILL)

        server = Server(tmp_path / "server", *arguments, port=server.port).ready()
        eventually(lambda: scraped(server)[0][: len(before)] == before, 5, "all samples are there")

        target.down = True
        eventually(lambda: webhook.notifications("Down", "firing"), 20, "told")
        firing = server.alerts("Down")[0]
        pending = server.alerts("Slow")[0]
        assert (firing["state"], pending["state"]) == ("firing", "pending")
        killed = time.time() - 1
        server.stop(signal.SIGKILL)

        server = Server(tmp_path / "server", *arguments, port=server.port).ready()
        again = eventually(lambda: server.alerts("Down"), 15, "the alert goes on")[0]
        assert again["state"] == "firing" and _second(again["activeAt"]) == _second(firing["activeAt"])
        slow = eventually(lambda: server.alerts("Slow"), 15, "the pending alert goes on")[0]
        # As in Prometheus, the time away does not count as time spent pending.
        away = _unix(slow["activeAt"]) - _unix(pending["activeAt"])
        assert slow["state"] == "pending" and -0.001 < away < time.time() - killed
        _evaluations(server, 4)
        assert len(webhook.notifications("Down", "firing")) == 1

        # It ends while nobody watches: whoever was told of the alert is told of its end.
        server.stop(signal.SIGKILL)
        target.down = False
        server = Server(tmp_path / "server", *arguments, port=server.port).ready()
        eventually(lambda: webhook.notifications("Down", "resolved"), 30, "told of the end")
        assert len(webhook.notifications("Down", "firing")) == 1
        assert not webhook.notifications("Slow", "firing")
    finally:
        server.stop(signal.SIGKILL)


def _second(text: str) -> str:
    return text[:19]


def _evaluations(server: Server, count: int) -> None:
    """Waits until every rule group was evaluated some times more."""
    started = time.time()

    def evaluated() -> bool:
        groups = server.get("/api/v1/rules")["data"]["groups"]
        return all(_unix(group["lastEvaluation"]) > started + count - 1 for group in groups)

    eventually(evaluated, 5 + 2 * count, "evaluated")


def _unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_many_kills_in_a_row(tmp_path: Path, target: Counting, webhook: WebhookListener) -> None:
    arguments = write_files(tmp_path / "files", target, webhook)
    seen: list[float] = []
    port = None
    for _ in range(4):
        server = Server(tmp_path / "server", *arguments, port=port).ready()
        port = server.port
        try:
            if seen:
                assert scraped(server)[0][: len(seen)] == seen
            count = target.count
            eventually(lambda count=count: target.count > count + 1, 10, "scraped")
            eventually(lambda server=server: scraped(server), 5, "stored")
            seen = scraped(server)[0]
        finally:
            server.stop(signal.SIGKILL)
