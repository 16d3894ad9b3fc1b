"""The reference of metric families as Markdown, out of the table in `semconv`: the table enters, a page leaves.

python -m hivesight_sdk.reference > docs/agent-metrics.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hivesight_sdk import semconv

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hivesight_sdk.semconv import MetricFamily, MetricGroup

_INTRODUCTION: Final = """\
# What agents report

The families that [the SDK](../sdk/README.md) exposes, with the names of the SDK that record into each. A family marked
*guide* has the production monitoring guide's name, type and labels; its durations have more buckets above the guide's.
[migration.md](migration.md) leads from the guide's code to the SDK; what the server says of itself is in
[metrics.md](metrics.md).

This page is printed by `python -m hivesight_sdk.reference`. The `_created` series that prometheus_client adds are left
out for these families. `track_latency("<name>")` adds `agent_hive_<name>_latency_seconds` for any further name.
"""

_VALUES: Final = (
    ("`status` of completed tasks", semconv.TASK_STATUSES, "all there are"),
    ("`status` of active agents", semconv.AGENT_STATUSES, "usual; rules count `active` alone"),
    ("`priority`", semconv.PRIORITIES, "usual"),
    ("`state` of the queue", semconv.QUEUE_STATES, "usual"),
    ("`outcome`", semconv.OUTCOMES, "all there are"),
    ("`status_code`", semconv.API_STATUS_CODES, "usual; the last three have no HTTP status"),
    ("`type` of tokens", semconv.TOKEN_TYPES, "all there are; cached ones are part of input, reasoning of output"),
    ("`state` of circuit breakers", semconv.CIRCUIT_BREAKER_STATES, "all there are"),
    ("`kind` of errors", semconv.ERROR_KINDS, "all there are"),
    ("`resource_type`", semconv.RESOURCE_TYPES, "all there are"),
    (
        "`reason` of drops",
        semconv.DROP_REASONS,
        "all there are; [what to do](../sdk/README.md#when-something-goes-wrong)",
    ),
)


def page(groups: Iterable[MetricGroup] = semconv.GROUPS) -> str:
    """The whole page: a table for each group, then buckets, label values and lint's complaints."""
    groups = tuple(groups)
    families = [family for group in groups for family in group.families]
    sections = [_INTRODUCTION, *map(_group, groups), _buckets(families), _values(), _lint(families)]
    return "\n".join(sections)


def _group(group: MetricGroup) -> str:
    header = ("metric", "type", "labels", "unit", "meaning", "recorded by", "guide")
    return f"## {group.title}\n\n{group.about}\n\n" + _table(header, map(_row, group.families))


def _row(family: MetricFamily) -> Iterator[str]:
    yield f"`{family.name}`"
    yield family.kind
    yield _code(family.labels)
    yield family.unit
    yield family.help
    yield _code(family.recorded_by) or "the SDK itself"
    yield "guide" if family in semconv.GUIDE_FAMILIES else ""


def _buckets(families: Iterable[MetricFamily]) -> str:
    rows = ((f"`{family.name}`", _numbers(family.buckets)) for family in families if family.buckets)
    return "## Buckets\n\nUpper bounds; `+Inf` is implied.\n\n" + _table(("histogram", "buckets"), rows)


def _values() -> str:
    rows = ((label, _code(values), which) for label, values, which in _VALUES)
    return "## Values of labels\n\n" + _table(("label", "values", "which"), rows)


def _lint(families: Iterable[MetricFamily]) -> str:
    rows = ((f"`{family.name}`", family.lint) for family in families if family.lint)
    about = "`promtool check metrics` has a complaint of these names and of no others:"
    return f"## What lint says\n\n{about}\n\n" + _table(("metric", "why the name stays"), rows)


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    header = tuple(header)
    lines = (" | ".join(cells) for cells in (header, ("---",) * len(header), *rows))
    return "".join(f"| {line} |\n" for line in lines)


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _numbers(bounds: Iterable[float]) -> str:
    return ", ".join(f"{bound:g}" for bound in bounds)


if __name__ == "__main__":
    print(page(), end="")
