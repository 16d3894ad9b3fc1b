"""The table of metric families as Markdown, for the README. Run it as a module to print it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivesight_sdk import semconv

if TYPE_CHECKING:
    from hivesight_sdk.semconv import MetricFamily


def metrics_table(families: tuple[MetricFamily, ...] = semconv.FAMILIES) -> str:
    """One row per family: name, type, labels, meaning, and the histogram's finite bounds."""
    rows = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    for family in families:
        labels = ", ".join(f"`{label}`" for label in family.labels) or "none"
        buckets = ", ".join(f"{bound:g}" for bound in family.buckets)
        meaning = f"{family.help}. Buckets: {buckets}" if buckets else family.help
        rows.append(f"| `{family.name}` | {family.kind} | {labels} | {meaning} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(metrics_table(), end="")
