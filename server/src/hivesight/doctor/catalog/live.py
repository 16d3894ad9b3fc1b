"""Checks against the series of a running server."""

from typing import Final

from hivesight.doctor.catalog.check import INFO, WARNING, Check

CHECKS: Final = (
    Check(
        "live/no-such-metric",
        WARNING,
        "a metric that the server does not have",
        "Misspelt, renamed or never exposed: the rule is silent for ever.",
    ),
    Check(
        "live/no-such-label",
        WARNING,
        "a label that no series of the metric has",
        "The matcher selects nothing, or the grouping makes one group of all.",
    ),
    Check(
        "live/nothing-selected",
        INFO,
        "matchers that none of the metric's series meets",
        "That may be as it should be, as with errors that have not happened; or a value is misspelt.",
    ),
    Check(
        "live/many-groups",
        INFO,
        "a grouping that makes very many series",
        "Each is an alert or a series of its own: nobody reads them, and they cost memory.",
    ),
    Check(
        "live/unasked",
        INFO,
        "metrics for which there was no time",
        "The server answered too slowly, or the files name too many metrics: nothing is said about the rest.",
    ),
)
