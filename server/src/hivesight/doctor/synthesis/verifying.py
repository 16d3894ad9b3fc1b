"""Whether a scenario keeps what it promises: its rule and all that it needs, played in virtual time."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from hivesight.doctor.synthesis.playing import played
from hivesight.doctor.synthesis.scenario import Scenario
from hivesight.model.errors import HivesightError
from hivesight.rules import AlertState, GroupConfig, RuleConfig
from hivesight.rules.alerting import AlertingRule
from hivesight.rules.group import Group

MAX_EVALUATIONS: Final = 3_000
"""Of one period."""

_ENOUGH: Final = 25
_LONGEST_STEP_MS: Final = 240_000
"""Recorded series must not be older than the lookback."""


def broken_promise(groups: Sequence[GroupConfig], rule: RuleConfig, scenario: Scenario, step_ms: int) -> str:
    """What does not happen as the scenario says; an empty string where all does. groups: those with the rule and what
    it is recorded from, and with nothing else. step_ms: the time between evaluations."""
    recorded = any(each.record for group in groups for each in group.rules)
    moments = _moments(scenario, step_ms, recorded=recorded)
    fired = False
    try:
        for at_ms, evaluated in played(groups, scenario, moments, step_ms):
            fired, errors = _state(evaluated, rule)
            if errors:
                return errors
            if fired and at_ms <= scenario.health_until_ms:
                return f"it fires in health, after {at_ms // 1000} s"
            if not fired and scenario.fires_by_ms <= at_ms <= scenario.heals_at_ms:
                return f"it does not fire, {(at_ms - scenario.fires_by_ms) // 1000} s after it should"
    except HivesightError as error:
        return str(error)
    return "it fires on when the fault is over" if fired and not scenario.constant else ""


def _moments(scenario: Scenario, step_ms: int, *, recorded: bool) -> list[int]:
    """When rules are evaluated: at every step where there are not too many, more rarely in long periods."""
    times = (
        scenario.evaluate_from_ms,
        scenario.health_until_ms,
        scenario.fires_by_ms,
        scenario.heals_at_ms,
        scenario.end_ms,
    )
    moments = set(times)
    for first, last in pairwise(times):
        rare = max(1, (last - first) // step_ms // _ENOUGH)
        if recorded:
            rare = min(rare, max(1, _LONGEST_STEP_MS // step_ms))
        moments |= set(range(first, last, rare * step_ms)[-MAX_EVALUATIONS:])
    return sorted(each for each in moments if each >= scenario.evaluate_from_ms)


def _state(groups: Sequence[Group], rule: RuleConfig) -> tuple[bool, str]:
    """Whether the rule fires, and what went wrong with any."""
    fires, errors = False, ""
    for group in groups:
        for place in group.places:
            errors = errors or place.status.last_error
            if isinstance(place.rule, AlertingRule) and place.rule.config == rule:
                fires = fires or place.rule.state is AlertState.FIRING
    return fires, errors
