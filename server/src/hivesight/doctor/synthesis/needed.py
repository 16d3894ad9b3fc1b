"""The rules that one rule cannot do without."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from hivesight.doctor.synthesis.inlining import Recordings
from hivesight.model.errors import BadQuery
from hivesight.query.promql.parser import parse
from hivesight.rules import GroupConfig, RuleConfig


def needed(groups: Sequence[GroupConfig], rules: Collection[RuleConfig]) -> list[GroupConfig]:
    """The groups with some rules and what these are recorded from, and with nothing else."""
    recordings = Recordings(groups)
    names: set[str] = set()
    for rule in rules:
        try:
            names |= recordings.needed(parse(rule.expr))
        except BadQuery:
            continue  # its reader reports it
    found: list[GroupConfig] = []
    for group in groups:
        kept = tuple(each for each in group.rules if each in rules or each.record in names)
        if kept:
            found.append(replace(group, rules=kept))
    return found or [GroupConfig(name="rule", rules=tuple(rules))]
