"""Explanations as JSON documents. Times are RFC 3339, null where they are not known; durations are seconds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hivesight.alerting.explain import Explanation, GroupPath
from hivesight.alerting.journal import Span
from hivesight.alerting.outlook import Hold, Prospect
from hivesight.alerting.route import Outcome, Route, Step
from hivesight.model.clock import rfc3339
from hivesight.query.promql.literals import format_api
from hivesight.rules import Evidence, Period


def explanation_document(explanation: Explanation, evidence: Sequence[Evidence]) -> dict[str, Any]:
    """All of it: who makes the alert, its way through the routes, its groups, and what became of it so far."""
    alert = explanation.alert
    return {
        "labels": dict(explanation.labels),
        "fingerprint": explanation.fingerprint,
        "now": rfc3339(explanation.now_ms),
        "state": _state(explanation, evidence),
        "alert": None
        if alert is None
        else {
            "annotations": dict(alert.annotations),
            "startsAt": rfc3339(alert.starts_at_ms),
            "endsAt": rfc3339(alert.ends_at_ms),
            "updatedAt": rfc3339(alert.updated_at_ms),
            "generatorURL": alert.generator_url,
        },
        "rules": [rule_document(each) for each in evidence],
        "route": _tree(explanation),
        "groups": [_group(each) for each in explanation.groups],
        "history": [_span(each) for each in explanation.spans],
    }


def rule_document(evidence: Evidence) -> dict[str, Any]:
    """A rule, the alert as it makes it now, and the periods in which it made it."""
    group, rule, alert = evidence.group, evidence.rule, evidence.alert
    return {
        "name": rule.name,
        "group": group.name,
        "file": group.file,
        "query": rule.query,
        "for": rule.for_ms / 1000,
        "keep_firing_for": rule.keep_firing_for_ms / 1000,
        "interval": group.interval_ms / 1000,
        "health": rule.health,
        "last_error": rule.last_error,
        "evaluated_at": _time(rule.evaluated_at_ms or None),
        "fires_at": _time(evidence.fires_at_ms),
        "alert": None
        if alert is None
        else {
            "state": alert.state,
            "value": format_api(alert.value),
            "active_at": rfc3339(alert.active_at_ms),
            "keep_firing_since": _time(alert.keep_firing_since_ms),
        },
        "periods": [_period(each) for each in evidence.periods],
    }


def _state(explanation: Explanation, evidence: Sequence[Evidence]) -> str:
    alert = explanation.alert
    if alert is not None:
        return "resolved" if alert.resolved_at(explanation.now_ms) else "firing"
    made = [each.alert.state.value for each in evidence if each.alert is not None]
    return made[0] if made else "resolved" if explanation.spans else "inactive"


def _period(period: Period) -> dict[str, Any]:
    return {
        "state": period.state,
        "from": rfc3339(period.first_ms),
        "to": rfc3339(period.last_ms),
        "over": period.over,
        "value": _value(period.value),
        "last_value": _value(period.last_value),
    }


def tree_document(route: Route, said: Callable[[Route], Mapping[str, Any]] = lambda _: {}) -> dict[str, Any]:
    """A node and all below it. said: what else to tell of each."""
    return {
        "id": route.id,
        "matchers": [str(each) for each in route.matchers],
        "receiver": route.options.receiver,
        "continue": route.continues,
        **said(route),
        "routes": [tree_document(child, said) for child in route.routes],
    }


def _tree(explanation: Explanation) -> dict[str, Any]:
    steps = {step.route.index: step for step in explanation.steps}
    return tree_document(explanation.steps[0].route, lambda route: _outcome(steps.get(route.index), explanation))


def _outcome(step: Step | None, explanation: Explanation) -> Mapping[str, Any]:
    """step: None for what lies below a node that was passed over."""
    if step is None:
        return {"outcome": "not asked"}
    if step.failed is None:
        return {"outcome": step.outcome}
    value = explanation.labels.value(step.failed.name)
    return {"outcome": Outcome.NO_MATCH, "failed": str(step.failed), "value": value}


def _group(path: GroupPath) -> dict[str, Any]:
    options = path.route.options
    return {
        "key": path.key,
        "route_id": path.route.id,
        "receiver": options.receiver,
        "labels": dict(path.labels),
        "group_by": ["..."] if options.group_by_all else sorted(options.group_by),
        "group_wait": options.group_wait_ms / 1000,
        "group_interval": options.group_interval_ms / 1000,
        "repeat_interval": options.repeat_interval_ms / 1000,
        "waiting": path.waiting,
        "alerts": path.alerts,
        "next_flush": rfc3339(path.next_ms),
        "telling": path.telling,
        "holds": [_hold(each) for each in path.holds],
        "integrations": [_prospect(each) for each in path.prospects],
    }


def _hold(hold: Hold) -> dict[str, Any]:
    return {"what": hold.what, "why": hold.why, "until": _time(hold.until_ms)}


def _prospect(prospect: Prospect) -> dict[str, Any]:
    target = prospect.listener.target
    return {
        "name": target.integration,
        "index": target.index,
        "send_resolved": prospect.listener.send_resolved,
        "told_at": _time(prospect.told_ms),
        "told_of_this_alert": prospect.knows,
        "next_at": _time(prospect.next_ms),
        "next_reason": prospect.reason,
    }


def _span(span: Span) -> dict[str, Any]:
    fate = span.fate
    return {
        "from": rfc3339(span.first_ms),
        "to": rfc3339(span.last_ms),
        "flushes": span.count,
        "group_key": fate.group_key,
        "receiver": fate.receiver,
        "integration": fate.integration,
        "status": fate.status,
        "what": fate.what,
        "why": fate.why,
        "answer": fate.answer,
        "attempts": fate.attempts,
    }


def _time(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)


def _value(value: float | None) -> str | None:
    return None if value is None else format_api(value)
