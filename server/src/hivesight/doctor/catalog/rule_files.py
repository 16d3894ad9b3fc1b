"""Checks of single rules."""

from typing import Final

from hivesight.doctor.catalog.check import INFO, WARNING, Check

CHECKS: Final = (
    Check(
        "rules/too-deep",
        INFO,
        "an expression that is too deeply nested to be examined",
        "It is evaluated all the same, but nothing is said about it here.",
    ),
    Check(
        "rules/irate-in-alert",
        INFO,
        "irate() in an alert",
        "It looks at the last two samples alone: one quiet moment resets `for`, and the alert never fires.",
    ),
    Check(
        "rules/choice-in-alert",
        INFO,
        "topk or bottomk in an alert",
        "Whenever another series takes the place, its alert begins to wait anew and the one before resolves.",
    ),
    Check(
        "rules/short-for",
        WARNING,
        "`for` shorter than the interval between evaluations",
        "The alert fires at the second evaluation whatever `for` says: it does not wait for what the author meant.",
    ),
    Check(
        "rules/dropped-label",
        WARNING,
        "a text that asks for a label which the expression drops",
        "The message says nothing there: whoever is woken does not learn which service it is.",
    ),
)
