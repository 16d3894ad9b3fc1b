"""The grammar of Prometheus 3 rule files (model/rulefmt): groups of recording and alerting rules."""

import re
from dataclasses import field
from typing import Annotated, Final

from hivesight.schema import DurationMs, Text, key, parsed, section

_COUNT: Final = re.compile(r"[0-9]{1,15}")


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ValueError(f"expected a whole number, not {text!r}")
    return int(text)


Count = Annotated[int, parsed(_count)]
"""A whole number, zero or more."""


@section
class RuleConfig:
    """One rule. `record` or `alert` is set, never both. labels, annotations: name -> text or template; an empty label
    value removes the label. Durations in milliseconds."""

    record: Text = ""
    alert: Text = ""
    expr: Text = ""
    for_ms: Annotated[DurationMs, key("for")] = 0
    keep_firing_for_ms: Annotated[DurationMs, key("keep_firing_for")] = 0
    labels: dict[str, Text] = field(default_factory=dict[str, str])
    annotations: dict[str, Text] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        return self.alert or self.record


@section
class GroupConfig:
    """Rules that are evaluated one after the other. interval_ms: 0 means the server's evaluation interval. limit: the
    most alerts or series of one rule, 0 for no bound. query_offset_ms: how far back is asked, None for the server's.
    labels: for every rule of the group; a rule's own win."""

    name: Text
    interval_ms: Annotated[DurationMs, key("interval")] = 0
    limit: Count = 0
    query_offset_ms: Annotated[DurationMs | None, key("query_offset")] = None
    labels: dict[str, Text] = field(default_factory=dict[str, str])
    rules: tuple[RuleConfig, ...] = ()


@section
class RuleFile:
    """One file of rules."""

    groups: tuple[GroupConfig, ...] = ()
