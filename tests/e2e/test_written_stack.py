"""What `hivesight init` writes, run for real: Debian's Prometheus, Alertmanager and exporters on one copy, the embedded
server on another, one hive under both. The same faults give the same alerts, and the same receivers hear of them."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from e2e.alertmanagers import Alertmanager
from e2e.exporters import Exporters, exporters, needs
from e2e.running import Server, WebhookListener, eventually, prometheus, serving
from e2e.test_demo import fault, shortened

EXTERNAL = "http://hive.example"
JUDGED = {"AgentHiveDown", "HighTaskFailureRate", "TargetDown"}
"""What the faults give. How busy this machine is, is another matter."""
SERVICES = ("orchestrator", "webhook-server", "api-gateway", "event-streaming")
AROUND = ("node-exporter", "redis", "postgres", "pushgateway", "blackbox-http", "prometheus", "alertmanager")
UP = (*(f"agent-hive-{name}" for name in SERVICES), *AROUND)
ABSENT_HERE = ("cadvisor", "grafana", "otel-collector", "jaeger", "fluentd")
"""Jobs whose programs Debian does not have."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, by the address of its rules, and what its receivers were sent."""

    url: str
    told: WebhookListener

    def firing(self) -> dict[str, Any]:
        """Annotations of the alerts that fire, by their labels; numbers of the moment are left out."""
        alerts = httpx2.get(f"{self.url}/api/v1/alerts").raise_for_status().json()["data"]["alerts"]
        return {
            _key(each["labels"]): _steady(each["annotations"])
            for each in alerts
            if each["state"] == "firing" and _judged(each["labels"])
        }

    def notified(self, status: str) -> set[tuple[str, str]]:
        """Which receiver was told of which alert in this state."""
        return {
            (document["receiver"], _key(alert["labels"]))
            for _, document in list(self.told.received)
            for alert in document["alerts"]
            if alert["status"] == status and _judged(alert["labels"])
        }


def _judged(labels: dict[str, str]) -> bool:
    """Whether our faults are the reason, and not a slow start of what is scraped."""
    return labels["alertname"] in JUDGED and labels.get("job", "redis") in ("redis", "agent-hive-event-streaming")


def _key(labels: dict[str, str]) -> str:
    return json.dumps({name: value for name, value in labels.items() if name != "cluster"}, sort_keys=True)


def _steady(annotations: dict[str, str]) -> dict[str, str]:
    return {name: re.sub(r"[\d.]+", "N", text) for name, text in annotations.items()}


def written(directory: Path, webhook: str) -> Path:
    """The stack as it is written, with waits of seconds and without the jobs whose programs are not here."""
    command = ("init", str(directory), "--receiver", "webhook", "--webhook", webhook)
    done = subprocess.run([sys.executable, "-m", "hivesight", *command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for path in [*(directory / "prometheus").rglob("*.yml"), directory / "alertmanager" / "alertmanager.yml"]:
        path.write_text(shortened(path.read_text()))
    for job in ABSENT_HERE:
        (directory / "prometheus" / "targets" / f"{job}.yml").write_text("[]\n")
    return directory


def aimed(stack: Path, addresses: dict[str, str], server: Path) -> None:
    """The exporters, and the hive that this server runs, as its targets."""
    config = stack / "prometheus" / "prometheus.yml"
    text = config.read_text().replace("targets/agent-hive-", f"{server}/data/demo/targets/agent-hive-")
    config.write_text(text.replace("blackbox-exporter:9115", addresses["blackbox"]))
    for job in addresses.keys() - {"blackbox"}:
        aimed_at(stack, job, addresses[job])


def aimed_at(stack: Path, job: str, address: str) -> None:
    (stack / "prometheus" / "targets" / f"{job}.yml").write_text(f"- targets: ['{address}']\n")


@pytest.fixture
def receivers() -> Iterator[tuple[WebhookListener, WebhookListener]]:
    both = WebhookListener(), WebhookListener()
    yield both
    for each in both:
        each.close()


def test_the_same_faults_give_the_same_alerts(
    tmp_path: Path, receivers: tuple[WebhookListener, WebhookListener]
) -> None:
    needs("prometheus", "prometheus-alertmanager")
    their_hooks, our_hooks = receivers
    theirs, ours = written(tmp_path / "theirs", their_hooks.url), written(tmp_path / "ours", our_hooks.url)
    with ExitStack() as stack:
        around = stack.enter_context(exporters(tmp_path, theirs / "blackbox" / "blackbox.yml"))
        alertmanager = Alertmanager(tmp_path / "am", theirs / "alertmanager" / "alertmanager.yml")
        stack.callback(alertmanager.stop)
        alertmanager.ready()
        for each in (theirs, ours):
            aimed(each, around.addresses, tmp_path / "server")
            aimed_at(each, "blackbox-http", f"{alertmanager.url}/-/ready")
            aimed_at(each, "alertmanager", alertmanager.url.removeprefix("http://"))
        with (ours / "hivesight.yml").open("a") as file:
            file.write(f"\nhost: {{enabled: false}}\nexternal_url: {EXTERNAL}\n")
        server = stack.enter_context(serving(tmp_path / "server", "--demo", "--config", str(ours / "hivesight.yml")))
        address = stack.enter_context(prometheus(theirs / "prometheus", f"--web.external-url={EXTERNAL}"))
        for each in (theirs, ours):
            aimed_at(each, "prometheus", address.removeprefix("http://"))
        sides = Side(address, their_hooks), Side(server.url, our_hooks)
        _in_health(sides)
        _under_faults(sides, server, around)


def _in_health(sides: tuple[Side, Side]) -> None:
    up = {"query": f"sum(up{{job=~'{'|'.join(UP)}'}})"}
    for each in sides:

        def all_up(url: str = each.url) -> bool:
            result = httpx2.get(f"{url}/api/v1/query", params=up).raise_for_status().json()["data"]["result"]
            return bool(result) and result[0]["value"][1] == str(len(UP))

        eventually(all_up, 40, f"all targets are up at {each.url}")
        eventually(lambda each=each: not each.firing(), 40, f"nothing fires in health at {each.url}")


def _agree(ask: Callable[[Side], Any], sides: tuple[Side, Side], names: set[str], what: str) -> None:
    """Both say the same of all these alerts, in the end."""
    theirs, ours = sides

    def same() -> bool:
        one, other = ask(theirs), ask(ours)
        return one == other and all(any(f'"{name}"' in str(each) for each in one) for name in names)

    try:
        eventually(same, 60, what)
    except AssertionError:
        raise AssertionError(f"{what}: theirs {ask(theirs)}, ours {ask(ours)}") from None


def _under_faults(sides: tuple[Side, Side], server: Server, around: Exporters) -> None:
    fault(server, "errors", "orchestrator")
    _agree(Side.firing, sides, {"HighTaskFailureRate"}, "tasks fail")
    fault(server, "kill", "event-streaming")
    around.kill("redis")
    _agree(Side.firing, sides, JUDGED, "what fires")
    _agree(lambda side: side.notified("firing"), sides, JUDGED, "who is told of what")
    fault(server, "heal")
    healed = {"AgentHiveDown"}
    _agree(lambda side: side.notified("resolved"), sides, healed, "who is told of the end")
