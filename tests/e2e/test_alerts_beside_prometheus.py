"""The same rules on the same target, evaluated by a real Prometheus and by us: the same alerts reach an Alertmanager."""
# ruff: noqa: E501 (one template a line)

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx2
import pytest

from e2e.running import HttpServer, eventually, prometheus, respond, serving

RULES = """
groups:
- name: first
  rules:
  - {record: 'job:x:sum', expr: 'sum by (job) (x)'}
  - alert: AtOnce
    expr: x > 10
    labels: {severity: '{{ if gt $value 20.0 }}page{{ else }}warn{{ end }}'}
    annotations:
      value: '{{ $value }} {{ .Value | printf "%.2f" }}'
      humanized: >-
        {{ humanize 1234567.0 }} {{ humanize1024 2048.0 }} {{ humanizeDuration 3661.5 }} {{ humanizePercentage 0.1234 }}
        {{ humanizeTimestamp 1577836800.5 }} {{ toTime 1577836800.0 }}
      labels: '{{ range $name, $value := $labels }}{{ $name }}={{ $value }};{{ end }}'
      around: '{{ $externalLabels.cluster }} {{ $externalURL }} {{ externalURL }} {{ pathPrefix }}'
      asked: '{{ range query "x" | sortByLabel "i" }}{{ .Labels.i }}={{ .Value }} {{ end }}{{ query "job:x:sum" | first | value }}'
      text: '{{ title "a b" }} {{ toUpper "x" }} {{ toLower "Y" }} {{ match "a.*" "abc" }} {{ reReplaceAll "b(.)" "<$1>" "abc" }}'
      links: '{{ graphLink "up == 1" }} {{ tableLink "up" }} {{ stripPort "a:1" }} {{ stripDomain "a.b:1" }} {{ parseDuration "1m" }}'
  - {alert: Counted, expr: 'count(ALERTS{alertname="AtOnce", alertstate="firing"}) > 0'}
- name: second
  interval: 2s
  limit: 2
  rules:
  - {alert: Waits, expr: 'x > 10', for: 3s, annotations: {value: '{{ $value }}'}}
  - {alert: Lingers, expr: 'x > 10', keep_firing_for: 4s}
  - {alert: Scalar, expr: 'vector(1) and on () x > 10', labels: {alertname: other, __name__x: y}}
  - {alert: TooMany, expr: 'x or count(x)'}
  - {alert: Twice, expr: x, labels: {i: same}}
"""
RULES_OF_3 = """
- name: third
  query_offset: 1s
  labels: {team: hive, severity: low}
  rules:
  - {alert: Late, expr: 'x > 10', labels: {severity: high}}
"""
CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s, external_labels: {{cluster: c1, replica: r1, i: shadowed}}}}
rule_files: [rules.yml]
alerting:
  alert_relabel_configs: [{{action: labeldrop, regex: replica}}]
  alertmanagers:
  - path_prefix: /am/
    static_configs: [{{targets: ['{collector}'], labels: {{keep: 'yes'}}}}, {{targets: ['127.0.0.1:1']}}]
    relabel_configs: [{{action: keep, source_labels: [keep], regex: 'yes'}}]
    basic_auth: {{username: me, password: secret}}
scrape_configs: [{{job_name: t, static_configs: [{{targets: ['{target}'], labels: {{instance: t1}}}}]}}]
"""
RELABEL_OF_3 = "    alert_relabel_configs: [{target_label: added, replacement: here}]\n"
ALERTS = ("AtOnce", "Counted", "Waits", "Lingers", "Scalar", "Late")


class Gauge:
    """A target with two series of x."""

    def __init__(self) -> None:
        self.value = 0
        self._server = HttpServer(self._answer)
        self.address, self.close = self._server.address, self._server.close

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        respond(request, f'# TYPE x gauge\nx{{i="1"}} {self.value}\nx{{i="2"}} {2 * self.value}\n'.encode())


class Collector:
    """Keeps every alert that is POSTed to it."""

    def __init__(self) -> None:
        self.alerts: list[dict[str, Any]] = []
        self.paths: set[str] = set()
        self.credentials: set[str | None] = set()
        self._server = HttpServer(self._answer)
        self.address, self.close = self._server.address, self._server.close

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        self.alerts += json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        self.paths.add(request.path)
        self.credentials.add(request.headers["Authorization"])
        respond(request, b"")

    def course(self) -> dict[str, list[tuple[str, str, float | None]]]:
        """Of each label set what was said first, and again where it was other: annotations without the numbers of the
        moment, firing or over, and how long an alert that fires holds."""
        found: dict[str, list[tuple[str, str, float | None]]] = {}
        for alert in list(self.alerts):
            course = found.setdefault(json.dumps(alert["labels"], sort_keys=True), [])
            begun, ended = (datetime.fromisoformat(alert[key]) for key in ("startsAt", "endsAt"))
            # An alert that fires holds four resend delays of a minute.
            lasts = (ended - begun).total_seconds()
            over = lasts < 200
            state = ("over" if over else "firing", alert["generatorURL"])
            if not course or course[-1][0].partition(" ")[0] != state[0]:
                said = json.dumps(alert.get("annotations", {}), sort_keys=True)
                course.append((f"{state[0]} {said}", state[1], None if over else lasts))
        return found

    def names(self, state: str) -> set[str]:
        found = self.course()
        return {json.loads(labels)["alertname"] for labels, course in found.items() if course[-1][0].startswith(state)}


def folder(path: Path, rules: str, collector: Collector, target: Gauge) -> Path:
    path.mkdir()
    config = CONFIG.format(collector=collector.address, target=target.address)
    if RULES_OF_3 in rules:
        config = config.replace("  - path_prefix", RELABEL_OF_3.replace("    a", "  - a") + "    path_prefix")
    (path / "rules.yml").write_text(rules)
    (path / "prometheus.yml").write_text(config)
    (path / "hivesight.yml").write_text("external_url: http://hive.example/\nhost: {enabled: false}\n")
    return path


@pytest.fixture
def both() -> Iterator[tuple[Collector, Collector, Gauge]]:
    theirs, ours, target = Collector(), Collector(), Gauge()
    yield theirs, ours, target
    for each in (theirs, ours, target):
        each.close()


def series(url: str) -> dict[str, list[str]]:
    """The states that ALERTS had, in order, by label set."""
    answer = httpx2.get(f"{url}/api/v1/query", params={"query": "ALERTS[5m]"}).json()
    found: dict[str, list[tuple[float, str]]] = {}
    for each in answer["data"]["result"]:
        labels = dict(each["metric"])
        state = labels.pop("alertstate")
        found.setdefault(json.dumps(labels, sort_keys=True), []).append((each["values"][0][0], state))
    return {labels: [state for _, state in sorted(states)] for labels, states in found.items()}


def rules(url: str) -> list[Any]:
    """What the API says of every rule, but for times."""
    groups = httpx2.get(f"{url}/api/v1/rules").json()["data"]["groups"]
    found: list[Any] = []
    for group in groups:
        for rule in group["rules"]:
            keys = ("name", "query", "type", "health", "duration", "keepFiringFor", "labels", "annotations", "state")
            error = rule.get("lastError", "")
            found.append(
                (group["name"], group["interval"], group["limit"], {key: rule.get(key) or None for key in keys}, error)
            )
    return sorted(found, key=lambda each: (each[0], each[3]["name"]))


def test_the_same_alerts_reach_an_alertmanager(tmp_path: Path, both: tuple[Collector, Collector, Gauge]) -> None:
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("needs Prometheus: apt-get install prometheus")
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    newer = "version 3." in version.stdout + version.stderr
    text = RULES + (RULES_OF_3 if newer else "")
    wanted = set(ALERTS) if newer else set(ALERTS) - {"Late"}
    theirs, ours, target = both
    one, other = folder(tmp_path / "theirs", text, theirs, target), folder(tmp_path / "ours", text, ours, target)
    files = ("--config", str(other / "hivesight.yml"), "--prometheus-config", str(other / "prometheus.yml"))
    with prometheus(one, "--web.external-url=http://hive.example/") as url, serving(other, *files) as server:
        eventually(lambda: all("x" in str(series_of(each)) for each in (url, server.url)), 30, "both scrape")
        target.value = 15
        for each in (theirs, ours):
            eventually(lambda each=each: each.names("firing") >= wanted, 30, "all fire")
        assert rules(server.url) == rules(url)
        target.value = 0
        for each in (theirs, ours):
            eventually(lambda each=each: each.names("over") >= wanted, 30, "all are over")
        assert series(server.url) == series(url)
        sent = server.value("sum(prometheus_notifications_sent_total)")
        receivers = server.get("/api/v1/alertmanagers")["data"]
    assert ours.course() == theirs.course()
    assert ours.paths == theirs.paths == {"/am/api/v2/alerts"}
    assert ours.credentials == theirs.credentials
    assert {course[0][2] for course in ours.course().values()} == {240.0}
    assert sent is not None
    assert receivers["activeAlertmanagers"] == [{"url": f"http://{ours.address}/am/api/v2/alerts"}]
    assert receivers["droppedAlertmanagers"] == [{"url": "http://127.0.0.1:1/am/api/v2/alerts"}]


def series_of(url: str) -> Any:
    return httpx2.get(f"{url}/api/v1/query", params={"query": "x"}).json()["data"]["result"]
