"""Results as a document for other programs. Times in ms since the epoch, lengths in ms."""

from collections import Counter
from dataclasses import asdict
from typing import Any, Final

from hivesight.doctor.backtest.course import Episode
from hivesight.doctor.backtest.members import Member
from hivesight.doctor.backtest.replaying import Failures
from hivesight.doctor.backtest.telling import Told
from hivesight.doctor.backtest.verdict import AlertingResult, Results
from hivesight.doctor.rehearsal import Delivery

MOST_EPISODES: Final = 10_000
"""Of one rule; `figures` are of all."""
MOST_DELIVERIES: Final = 10_000


def document(results: Results, told: Told | None) -> dict[str, Any]:
    """All of it. told: None where nobody asked who would have been told."""
    return {
        "sinceMs": results.since_ms,
        "untilMs": results.until_ms,
        "alerting": [_alerting(results, each) for each in results.alerting],
        "recording": [
            {**_rule(each.member), **_soundness(each.evaluations, each.failures, each.broken)}
            for each in results.recording
        ],
        "notifications": None if told is None else _told(told),
    }


def _rule(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "file": member.file,
        "group": member.group_name,
        "query": member.rule.query,
        "intervalMs": member.interval_ms,
    }


def _soundness(evaluations: int, failures: Failures, broken: str) -> dict[str, Any]:
    return {
        "evaluations": evaluations,
        "failures": failures.count,
        "firstFailure": failures.first or None,
        "givenUp": broken or None,
    }


def _alerting(results: Results, result: AlertingResult) -> dict[str, Any]:
    config = result.member.rule.config
    figures = asdict(results.figures(result))
    figures["flapping"] = [dict(labels) for labels in figures["flapping"]]
    return {
        **_rule(result.member),
        "forMs": config.for_ms,
        "keepFiringForMs": config.keep_firing_for_ms,
        **_soundness(result.evaluations, result.failures, result.broken),
        "figures": {_camel(name): value for name, value in figures.items()},
        "episodes": [_episode(each) for each in result.episodes[:MOST_EPISODES]],
    }


def _episode(episode: Episode) -> dict[str, Any]:
    return {
        "labels": dict(episode.labels),
        "activeAtMs": episode.active_at_ms,
        "firedAtMs": episode.fired_at_ms,
        "overAtMs": episode.over_at_ms,
        "value": repr(episode.value),
    }


def _told(told: Told) -> dict[str, Any]:
    return {
        "count": len(told.deliveries),
        "receivers": Counter(each.receiver for each in told.deliveries),
        "deliveries": [_delivery(each) for each in told.deliveries[:MOST_DELIVERIES]],
        "held": [
            {
                "labels": dict(each.labels),
                "receiver": each.receiver,
                "by": each.what.value,
                "why": each.why,
                "firstMs": each.first_ms,
                "lastMs": each.last_ms,
            }
            for each in told.held[:MOST_DELIVERIES]
        ],
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "atMs": delivery.at_ms,
        "receiver": delivery.receiver,
        "integration": delivery.integration,
        "groupLabels": dict(delivery.group_labels),
        "firing": [dict(each.labels) for each in delivery.firing],
        "resolved": [dict(each.labels) for each in delivery.resolved],
        "reason": delivery.reason,
        "titles": [each.title for each in delivery.messages],
        "error": delivery.error or None,
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
