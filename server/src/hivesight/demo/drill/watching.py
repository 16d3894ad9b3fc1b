"""What a running server says of its alerts, asked over HTTP as anybody asks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from hivesight.demo.control import DemoError
from hivesight.doctor.drill import Subject
from hivesight.model.labels import Labels
from hivesight.query.promql import parse
from hivesight.query.promql.printer import format

_TIMEOUT_SECONDS: Final = 30.0
_WELL: Final = (
    'sum(up{job=~"agent-hive-.*"}) == 4',
    "sum(agent_hive_tasks_completed_total) > 0",
    'sum(agent_hive_active_agents_total{status="active"}) >= 3',
)
"""What holds once the reference hive has come to work."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an alerting rule stands. state: inactive, pending or firing. labels: of its alerts that fire, as the rule
    makes them. evaluated: whether it was yet. error: of its last evaluation."""

    state: str = "inactive"
    labels: frozenset[Labels] = frozenset()
    evaluated: bool = False
    error: str = ""


class Watch:
    """A context manager. All calls raise DemoError where the server does not answer."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.AsyncClient(base_url=url, timeout=_TIMEOUT_SECONDS, trust_env=False)

    async def __aenter__(self) -> "Watch":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def standing(self, subjects: Sequence[Subject]) -> Mapping[Subject, Standing]:
        """How each stands now."""
        asked = {"type": "alert", "rule_name[]": sorted({each.name for each in subjects})}
        groups = (await self._get("/api/v1/rules", asked))["data"]["groups"]
        rules = {
            (group["file"], group["name"], rule["name"], rule["query"]): rule
            for group in groups
            for rule in group["rules"]
        }
        return {each: _standing(rules.get(_key(each), {})) for each in subjects}

    async def well(self) -> bool:
        """Whether the hive works: its services answer, tasks are done, agents are active."""
        answers = [await self._get("/api/v1/query", {"query": each}) for each in _WELL]
        return all(each["data"]["result"] for each in answers)

    async def muted_by(self, alert: str) -> str:
        """The names of alerts that inhibit all of this name; empty where one of it is not held back."""
        alerts = await self._get("/api/v2/alerts", {})
        names = {each["fingerprint"]: each["labels"]["alertname"] for each in alerts}
        own = [each["status"]["inhibitedBy"] for each in alerts if each["labels"]["alertname"] == alert]
        if not own or not all(own):
            return ""
        return ", ".join(sorted({names[each] for held in own for each in held if each in names}))

    async def _get(self, path: str, asked: Mapping[str, Any]) -> Any:
        try:
            answer = await self._client.get(path, params=dict(asked))
            answer.raise_for_status()
        except httpx2.HTTPError as error:
            raise DemoError(f"the drill's server does not answer ({error}): is this machine busy? Try again") from error
        return answer.json()


def _key(subject: Subject) -> tuple[str, str, str, str]:
    return subject.path, subject.group.name, subject.name, format(parse(subject.rule.expr))


def _standing(rule: Mapping[str, Any]) -> Standing:
    firing = frozenset(Labels(each["labels"]) for each in rule.get("alerts", ()) if each["state"] == "firing")
    evaluated = rule.get("health", "unknown") != "unknown"
    return Standing(rule.get("state", "inactive"), firing, evaluated, rule.get("lastError", ""))
