"""A scenario in virtual time: rules on a clock, over the invented series."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from hivesight.doctor.synthesis.scenario import Scenario
from hivesight.rule_tests.simulation import Simulation
from hivesight.rules import GroupConfig, RuleFile, RuleOptions
from hivesight.rules.group import Group

_SUBQUERY_STEP_MS: Final = 60_000


def played(
    groups: Sequence[GroupConfig], scenario: Scenario, moments: Iterable[int], step_ms: int
) -> Iterator[tuple[int, Sequence[Group]]]:
    """The groups after their evaluation at each of some moments, which count from the start and are in order. step_ms:
    what they take for their interval. Raises StorageError."""
    # Names of groups are unique in a file alone, and these may come from several.
    named = tuple(replace(group, name=f"{number} {group.name}") for number, group in enumerate(groups))
    options = RuleOptions(step_ms)
    with Simulation(
        [("rules.yml", RuleFile(groups=named))], (), options, scenario.start_ms, _SUBQUERY_STEP_MS
    ) as world:
        world.feed(scenario.series, scenario.interval_ms)
        for at_ms in moments:
            world.advance(scenario.start_ms + at_ms)
            yield at_ms, world.groups
