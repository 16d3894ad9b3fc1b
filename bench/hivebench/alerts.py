"""Alerts as a Prometheus posts them, the configurations that route them, and whoever posts them."""

import http.client
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

JSON: Final = {"Content-Type": "application/json"}
NAMES: Final = 200
IDLE_SECONDS: Final = 3
"""Servers close connections that nobody uses."""


def alert(number: int, ends_at: str) -> dict[str, Any]:
    """One of a fleet: 200 alert names; `number` is its own, `third` is shared by a hundredth."""
    name = f"HiveAgentErrors{number % NAMES}"
    return {
        "labels": {
            "alertname": name,
            "cluster": f"eu-{number % 5}",
            "instance": f"agent-{number}.hive.example:9100",
            "job": "agents",
            "number": str(number),
            "severity": "critical" if number % 10 == 0 else "warning",
            "third": str(number % 100),
        },
        "annotations": {
            "summary": f"Agent {number} answers with errors",
            "description": f"More than 5 % of the calls of agent {number} have failed for ten minutes.",
            "runbook_url": f"https://runbooks.example/{name}",
        },
        "endsAt": ends_at,
        "generatorURL": "http://prometheus.example:9090/graph?g0.expr=agent_errors+%3E+0.05&g0.tab=1",
    }


def alerts(numbers: Iterable[int], minutes: int = 60) -> bytes:
    """The body of a post."""
    ends_at = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    return orjson.dumps([alert(number, ends_at) for number in numbers])


def configuration(
    hook: str,
    group_by: Sequence[str],
    *,
    wait: str,
    interval: str = "5m",
    inhibit_rules: int = 0,
) -> str:
    """An alertmanager.yml with one receiver. Half of the inhibition rules have sources that fire: critical alerts of
    one `third`, which mute nothing, since no alert is of severity info."""
    rules = [
        {
            "source_matchers": ['severity="critical"', f'third="{number}"'],
            "target_matchers": [f'severity=~"info|{number}"', f'third="{number}"'],
            "equal": ["cluster"],
        }
        for number in range(inhibit_rules)
    ]
    return orjson.dumps(
        {
            "route": {
                "receiver": "hook",
                "group_by": list(group_by),
                "group_wait": wait,
                "group_interval": interval,
                "repeat_interval": "4h",
            },
            "receivers": [{"name": "hook", "webhook_configs": [{"url": hook}]}],
            "inhibit_rules": rules,
        }
    ).decode()


def silence(number: int, *, instance: bool = True) -> bytes:
    """A silence of one agent and one cluster; of agents that do not exist unless `instance`."""
    now = datetime.now(UTC)
    name = f"agent-{number}.hive.example:9100" if instance else f"none-{number}"
    return orjson.dumps(
        {
            "matchers": [
                {"name": "instance", "value": name, "isRegex": False, "isEqual": True},
                {"name": "cluster", "value": "eu-.*", "isRegex": True, "isEqual": True},
            ],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=2)).isoformat(),
            "createdBy": "bench",
            "comment": "Being looked at.",
        }
    )


class Client:
    """Requests over one connection that stays open while it is used."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=300)
        self._used = time.monotonic()

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        if time.monotonic() - self._used > IDLE_SECONDS:
            self._connection.close()
        try:
            return self._ask(method, path, body)
        finally:
            self._used = time.monotonic()

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        self._connection.request(method, path, body, JSON if body else {})
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status // 100 != 2:
            raise SystemExit(f"{method} {path} answers {answer.status}: {said[:300].decode(errors='replace')}")
        return said

    def post_alerts(self, body: bytes) -> None:
        self.ask("POST", "/api/v2/alerts", body)

    def get(self, path: str) -> Any:
        return orjson.loads(self.ask("GET", path))
