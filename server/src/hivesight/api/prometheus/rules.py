"""Rules, the alerts that they hold, and the Alertmanagers that alerts are sent to."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import invalid, success
from hivesight.api.prometheus.params import Params, integer
from hivesight.api.prometheus.targets import NEVER
from hivesight.model.clock import rfc3339
from hivesight.model.gofloat import format_shortest
from hivesight.model.matcher import all_match
from hivesight.query.promql.literals import quote
from hivesight.rules import AlertSnapshot, GroupSnapshot, RuleManager, RuleSnapshot


class Receivers(Protocol):
    """The Alertmanagers that alerts are sent to, by the address that takes them."""

    @property
    def active(self) -> Sequence[str]: ...

    @property
    def dropped(self) -> Sequence[str]: ...


def routes(manager: RuleManager, receivers: Receivers) -> list[BaseRoute]:
    """The routes of this module."""

    async def rules(params: Params, _: Request) -> Response:
        wanted, names, files = _wanted(params), params.all("rule_group[]"), params.all("file[]")
        with_alerts, page = not params.flag("exclude_alerts"), _page(params)
        shown: list[dict[str, Any]] = []
        after = ""
        reached = not page.token
        for group in manager.snapshot().groups:
            reached = reached or _token(group) == page.token
            if not reached or (names and group.name not in names) or (files and group.file not in files):
                continue
            document = _group(group, wanted, with_alerts)
            if not document["rules"]:
                continue
            if page.limit is not None and len(shown) == page.limit:
                after = _token(group)
                break
            shown.append(document)
        if not reached:
            reason = f"invalid group_next_token '{page.token}'. were rule groups changed?"
            raise invalid("group_next_token", reason)
        return success({"groups": shown, "groupNextToken": after} if after else {"groups": shown})

    async def alerts(_: Params, __: Request) -> Response:
        return success({"alerts": [_alert(each) for each in manager.snapshot().alerts]})

    async def alertmanagers(_: Params, __: Request) -> Response:
        lists = {"activeAlertmanagers": receivers.active, "droppedAlertmanagers": receivers.dropped}
        return success({name: [{"url": url} for url in urls] for name, urls in lists.items()})

    return [
        endpoint("/api/v1/rules", rules, ["GET"]),
        endpoint("/api/v1/alerts", alerts, ["GET"]),
        endpoint("/api/v1/alertmanagers", alertmanagers, ["GET"]),
    ]


@dataclass(frozen=True, slots=True)
class _Page:
    """limit: the most groups. token: of the group to begin with; empty for the first."""

    limit: int | None = None
    token: str = ""


def _page(params: Params) -> _Page:
    limit, token = params.text("group_limit"), params.text("group_next_token")
    if not limit:
        if token:
            reason = "group_limit needs to be present in order to paginate over the groups"
            raise invalid("group_next_token", reason)
        return _Page()
    try:
        most = integer(limit, bits=32, function="ParseInt")
    except ValueError as error:
        raise invalid("group_limit", f"group_limit needs to be a valid number: {error}") from None
    if most <= 0:
        raise invalid("group_limit", "group_limit needs to be greater than 0")
    return _Page(most, token)


def _token(group: GroupSnapshot) -> str:
    """What names a group in `group_next_token`."""
    return hashlib.sha1(f"{group.file};{group.name}".encode(errors="replace"), usedforsecurity=False).hexdigest()


def _wanted(params: Params) -> Callable[[RuleSnapshot], bool]:
    kind, names, selectors = params.text("type").lower(), params.all("rule_name[]"), params.selectors()
    if kind not in ("", "alert", "record"):
        raise invalid("type", f"not supported value {quote(kind[:20])}")

    def wanted(rule: RuleSnapshot) -> bool:
        return (
            (not kind or rule.alerting == (kind == "alert"))
            and (not names or rule.name in names)
            and (not selectors or any(all_match(each, rule.labels) for each in selectors))
        )

    return wanted


def _group(group: GroupSnapshot, wanted: Callable[[RuleSnapshot], bool], with_alerts: bool) -> dict[str, Any]:
    return {
        "name": group.name,
        "file": group.file,
        "rules": [_rule(rule, with_alerts) for rule in group.rules if wanted(rule)],
        "interval": group.interval_ms / 1000,
        "limit": group.limit,
        "evaluationTime": group.evaluation_seconds,
        "lastEvaluation": _moment(group.evaluated_at_ms),
    }


def _rule(rule: RuleSnapshot, with_alerts: bool) -> dict[str, Any]:
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
    return {
        "state": rule.state,
        "duration": rule.for_ms / 1000,
        "keepFiringFor": rule.keep_firing_for_ms / 1000,
        "annotations": dict(rule.annotations),
        "alerts": [_alert(each) for each in rule.alerts] if with_alerts else None,
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
