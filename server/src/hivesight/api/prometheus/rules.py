"""Rules and the alerts that they hold."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import BadParameter, success
from hivesight.api.prometheus.params import Params
from hivesight.api.prometheus.targets import NEVER
from hivesight.model.clock import rfc3339
from hivesight.model.gofloat import format_shortest
from hivesight.rules import AlertSnapshot, GroupSnapshot, RuleManager, RuleSnapshot


def routes(manager: RuleManager) -> list[BaseRoute]:
    """The routes of this module."""

    async def rules(params: Params, _: Request) -> Response:
        wanted = _wanted(params)
        groups = [_group(group, wanted) for group in manager.snapshot().groups]
        files, names = params.all("file[]"), params.all("rule_group[]")
        return success(
            {
                "groups": [
                    each
                    for each in groups
                    if each["rules"] and (not files or each["file"] in files) and (not names or each["name"] in names)
                ]
            }
        )

    async def alerts(_: Params, __: Request) -> Response:
        return success({"alerts": [_alert(each) for each in manager.snapshot().alerts]})

    return [endpoint("/api/v1/rules", rules, ["GET"]), endpoint("/api/v1/alerts", alerts, ["GET"])]


def _wanted(params: Params) -> Callable[[RuleSnapshot], bool]:
    kind, names = params.text("type").lower(), params.all("rule_name[]")
    if kind not in ("", "alert", "record"):
        raise BadParameter(f'invalid parameter "type": not supported value "{kind[:20]}"')

    def wanted(rule: RuleSnapshot) -> bool:
        return (not kind or rule.alerting == (kind == "alert")) and (not names or rule.name in names)

    return wanted


def _group(group: GroupSnapshot, wanted: Callable[[RuleSnapshot], bool]) -> dict[str, Any]:
    return {
        "name": group.name,
        "file": group.file,
        "rules": [_rule(rule) for rule in group.rules if wanted(rule)],
        "interval": group.interval_ms / 1000,
        "limit": group.limit,
        "evaluationTime": group.evaluation_seconds,
        "lastEvaluation": _moment(group.evaluated_at_ms),
    }


def _rule(rule: RuleSnapshot) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": rule.name,
        "query": rule.query,
        "labels": dict(rule.labels),
        "health": rule.health,
        "evaluationTime": rule.evaluation_seconds,
        "lastEvaluation": _moment(rule.evaluated_at_ms),
    }
    if rule.last_error:
        document["lastError"] = rule.last_error
    if not rule.alerting:
        return {**document, "type": "recording"}
    alerts: Sequence[AlertSnapshot] = rule.alerts
    return {
        "state": rule.state,
        "duration": rule.for_ms / 1000,
        "keepFiringFor": rule.keep_firing_for_ms / 1000,
        "annotations": dict(rule.annotations),
        "alerts": [_alert(each) for each in alerts],
        **document,
        "type": "alerting",
    }


def _alert(alert: AlertSnapshot) -> dict[str, Any]:
    document: dict[str, Any] = {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "state": alert.state,
        "activeAt": rfc3339(alert.active_at_ms),
        "value": format_shortest(alert.value, "e"),
    }
    if alert.keep_firing_since_ms is not None:
        document["keepFiringSince"] = rfc3339(alert.keep_firing_since_ms)
    return document


def _moment(ms: int) -> str:
    return rfc3339(ms) if ms else NEVER
