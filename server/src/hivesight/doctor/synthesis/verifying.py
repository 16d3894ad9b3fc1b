"""Whether a scenario keeps what it promises: its rule and all that it needs, played in virtual time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hivesight.doctor.synthesis.scenario import Scenario
from hivesight.model.errors import HivesightError
from hivesight.rule_tests.simulation import Simulation
from hivesight.rules import AlertState, GroupConfig, RuleConfig, RuleFile, RuleOptions
from hivesight.rules.alerting import AlertingRule

MAX_EVALUATIONS: Final = 3_000
"""Of one period."""

_ENOUGH: Final = 100
_LONGEST_STEP_MS: Final = 240_000
"""Recorded series must not be older than the lookback."""


def broken_promise(groups: Sequence[GroupConfig], rule: RuleConfig, scenario: Scenario, step_ms: int) -> str:
    """What does not happen as the scenario says; an empty string where all does. groups: those with the rule and what
    it is recorded from, and with nothing else. step_ms: the time between evaluations."""
    files = [
        ("rules.yml", RuleFile(groups=tuple(replace(group, name=f"{number}") for number, group in enumerate(groups))))
    ]
    options = RuleOptions(step_ms)
    fired = False
    try:
        with Simulation(files, (), options, scenario.start_ms, 60_000) as world:
            world.feed(scenario.series, scenario.interval_ms)
            for at_ms in _moments(scenario, step_ms):
                world.advance(scenario.start_ms + at_ms)
                fires, errors = _state(world, rule)
                if errors:
                    return errors
                if fires and at_ms <= scenario.health_until_ms:
                    return f"it fires in health, after {at_ms // 1000} s"
                if not fires and scenario.fires_by_ms <= at_ms <= scenario.heals_at_ms:
                    return f"it does not fire, {(at_ms - scenario.fires_by_ms) // 1000} s after it should"
                fired = fires
    except HivesightError as error:
        return str(error)
    return "it fires on when the fault is over" if fired and not scenario.constant else ""


def _moments(scenario: Scenario, step_ms: int) -> list[int]:
    """When rules are evaluated: at every step where there are not too many, more rarely in long periods."""
    periods = (
        (scenario.evaluate_from_ms, scenario.health_until_ms),
        (scenario.health_until_ms, scenario.heals_at_ms),
        (scenario.heals_at_ms, scenario.end_ms),
    )
    moments = {scenario.health_until_ms, scenario.fires_by_ms, scenario.heals_at_ms, scenario.end_ms}
    for first, last in periods:
        rare = max(1, min(_LONGEST_STEP_MS // step_ms, (last - first) // step_ms // _ENOUGH))
        moments |= set(range(first, last, rare * step_ms)[:MAX_EVALUATIONS])
    return sorted(each for each in moments if each >= scenario.evaluate_from_ms)


def _state(world: Simulation, rule: RuleConfig) -> tuple[bool, str]:
    """Whether the rule fires, and what went wrong with any."""
    fires, errors = False, ""
    for group in world.groups:
        for place in group.places:
            errors = errors or place.status.last_error
            if isinstance(place.rule, AlertingRule) and place.rule.config == rule:
                fires = fires or place.rule.state is AlertState.FIRING
    return fires, errors
