"""`hivesight backtest` as a user types it, on the samples of a running server and of its data directory."""

import http.server
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from e2e.running import Server, serving
from hivesight.cli.main import hivesight
from hivesight.model.errors import ConfigError, HivesightError

END = int(time.time()) // 60 * 60 - 600
BEGIN = END - 3 * 3600
RULES = """
groups:
- name: hive
  interval: 1m
  rules:
  - {record: 'agents:down', expr: count by (hive) (agent_up == 0)}
  - alert: AgentDown
    expr: agent_up == 0
    for: 5m
    labels: {severity: page}
    annotations: {summary: '{{ $labels.agent }} is at {{ $value }}'}
  - {alert: Restless, expr: queue > 5}
  - {alert: ManyDown, expr: 'agents:down > 1 and on () queue < 100', for: 2m}
  - {alert: Never, expr: queue > 1000}
"""
ALERTMANAGER = """
route: {receiver: chat, group_by: [alertname], routes: [{matchers: ['severity="page"'], receiver: pager}]}
receivers: [{name: chat}, {name: pager, webhook_configs: [{url: 'http://pager.invalid'}]}]
"""


def history() -> str:
    """Two agents that are down for a while, the second within the first, and a queue that is long now and then."""
    lines = ["# TYPE agent_up gauge"]
    for agent, first, last in (("a", 60, 75), ("b", 66, 70)):
        for minute in range(180):
            value = int(not first <= minute < last)
            lines.append(f'agent_up{{agent="{agent}",hive="h"}} {value} {BEGIN + 60 * minute}')
    lines.append("# TYPE queue gauge")
    lines += [f"queue {9 if minute % 10 == 0 and minute < 40 else 1} {BEGIN + 60 * minute}" for minute in range(180)]
    return "\n".join([*lines, "# EOF\n"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("backtest")
    (directory / "rules.yml").write_text(RULES)
    (directory / "alertmanager.yml").write_text(ALERTMANAGER)
    words = ["storage", "import", "--data", str(directory / "data"), "-"]
    assert CliRunner().invoke(hivesight, words, input=history()).exit_code == 0
    with serving(directory) as running:
        yield running


@pytest.fixture
def backtest(server: Server) -> Callable[..., Result]:
    def run(*words: str) -> Result:
        rules = str(server.directory / "rules.yml")
        span = ("--since", str(BEGIN + 600), "--until", str(END))
        return CliRunner().invoke(hivesight, ["backtest", rules, *span, "--align", "start", *words])

    return run


def test_a_server_and_its_data_tell_the_same(server: Server, backtest: Callable[..., Result]) -> None:
    asked = backtest("--server", server.url, "--output", "json")
    opened = backtest("--data", str(server.directory / "data"), "--output", "json")
    assert asked.exit_code == opened.exit_code == 0, asked.output + opened.output
    document = json.loads(asked.stdout)
    # Outside of this process the log is silent.
    assert document == json.loads(opened.stdout[opened.stdout.index("{\n") :])
    figures = {each["name"]: each["figures"] for each in document["alerting"]}
    minute = 60_000
    down = figures["AgentDown"]
    assert (down["firings"], down["alerts"], down["waits"]) == (1, 1, 1)
    assert (down["totalMs"], down["longestWaitMs"]) == (10 * minute, 4 * minute)
    # What begins before the time, at the 0th minute, is not counted.
    assert (figures["Restless"]["firings"], figures["Restless"]["returns"]) == (3, 2)
    assert len(figures["Restless"]["flapping"]) == 1 and figures["Never"]["firings"] == 0
    assert figures["ManyDown"]["totalMs"] == 2 * minute
    assert [each["name"] for each in document["recording"]] == ["agents:down"]


def test_who_would_have_been_told(server: Server, backtest: Callable[..., Result]) -> None:
    told = backtest(
        "--server", server.url, "--alertmanager-config", str(server.directory / "alertmanager.yml"), "--output", "json"
    )
    found = json.loads(told.stdout)["notifications"]
    fired = (BEGIN + 65 * 60) * 1000
    assert [(each["receiver"], each["atMs"] - fired, each["titles"]) for each in found["deliveries"]] == [
        ("pager", 30_000, ["a is at 0"]),
        ("pager", 630_000, ["a is at 0"]),
    ]


def test_the_text(server: Server, backtest: Callable[..., Result]) -> None:
    lines = backtest("--data", str(server.directory / "data")).output.splitlines()
    rows = [line.split() for line in lines if line.startswith(("AgentDown ", "Restless ", "Never "))][:3]
    assert rows == [
        ["AgentDown", "1", "1", "10m", "10m", "1", "0", "quiet"],
        ["Restless", "3", "1", "3m", "1m", "0", "2,", "flaps", "quiet"],
        ["Never", "0", "0", "-", "-", "0", "0", "quiet"],
    ]
    assert any("pending that never fired: 1, the longest for 4m of 5m" in line for line in lines)


def test_what_cannot_be_asked(server: Server, backtest: Callable[..., Result], tmp_path: Path) -> None:
    assert backtest("--server", server.url, "--data", ".").exit_code == 2
    assert backtest("--since", str(END + 1)).exit_code == 2
    nobody = backtest("--server", "http://127.0.0.1:1")
    assert isinstance(nobody.exception, HivesightError) and "no server answers" in str(nobody.exception)
    bad = tmp_path / "bad.yml"
    bad.write_text("groups: [{name: g, rules: [{alert: A, expr: 'up =='}]}]")
    wrong = CliRunner().invoke(hivesight, ["backtest", str(bad)])
    assert isinstance(wrong.exception, ConfigError)


def test_a_rule_that_fails_now_and_then(server: Server, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(
        "groups: [{name: g, interval: 1m, rules: [{alert: A, expr: 'agent_up == 0 and on (hive) queue == 1'},"
        " {alert: B, expr: 'sum by (hive) (agent_up) > on (hive) (agent_up == 0)'}]}]"
    )
    span = ["--since", str(BEGIN), "--until", str(END), "--server", server.url]
    told = CliRunner().invoke(hivesight, ["backtest", str(rules), *span])
    assert told.exit_code == 1
    assert re.search(r"could not be evaluated 4 of 18[01] times, first at .*many-to-many", told.output), told.output


def test_credentials_come_from_a_file(tmp_path: Path) -> None:
    seen: list[str | None] = []

    class Guarded(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.headers["Authorization"])
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    (tmp_path / "rules.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]")
    (tmp_path / "token").write_text("t0k3n")
    (tmp_path / "http.yml").write_text("authorization: {credentials_file: token}")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as guarded:
        threading.Thread(target=guarded.serve_forever, daemon=True).start()
        words = ["--server", f"http://127.0.0.1:{guarded.server_port}", "--http-config", str(tmp_path / "http.yml")]
        told = CliRunner().invoke(hivesight, ["backtest", str(tmp_path / "rules.yml"), *words])
        guarded.shutdown()
    assert told.exit_code == 0, told.output
    # A week of minutes is more than one answer may hold.
    assert seen == ["Bearer t0k3n"] * 2
