"""Checks of rules beside each other, and of what they say to people."""

from typing import Final

from hivesight.doctor.catalog.check import INFO, WARNING, Check

CHECKS: Final = (
    Check(
        "promql/all-states",
        WARNING,
        "a total over all states of something",
        "What has failed is counted like what works: the alert waits until nothing is left of either.",
    ),
    Check(
        "promql/unknown-job",
        WARNING,
        "a job that no Prometheus file scrapes",
        "The selector finds nothing, so that the rule never fires, or misses what its author meant to watch.",
    ),
    Check(
        "rules/silent-when-missing",
        WARNING,
        "an alert on too little that is silent about nothing at all",
        "An aggregation of no series is empty, not 0: when the process that reports dies, the alert does not fire.",
    ),
    Check(
        "rules/gone-unseen",
        INFO,
        "an alert on targets that are down, and none on targets that are gone",
        "What leaves discovery, or whose job is taken out, has no `up` any more: the alert ends instead of firing.",
    ),
    Check(
        "rules/not-recorded",
        WARNING,
        "a recorded series that no rule records",
        "Its kin is recorded, so that the name is old or misspelt: the expression is empty.",
    ),
    Check(
        "rules/recorded-elsewhere",
        INFO,
        "a recorded series that no rule of the set records",
        "Unless another server records it and sends it here, the expression is empty.",
    ),
    Check(
        "rules/duplicate-across-groups",
        WARNING,
        "the same rule in two groups",
        "Alerts are told twice and samples written twice; whoever changes one forgets the other.",
    ),
    Check(
        "rules/value-in-label",
        WARNING,
        "a label made of the value",
        "With each evaluation it is another alert: `for` begins anew, silences miss it, and each is told by itself.",
    ),
    Check(
        "rules/odd-interval",
        INFO,
        "a group's interval that is no multiple of the others'",
        "What one group records and another reads is of another time at each evaluation.",
    ),
    Check(
        "rules/no-summary",
        INFO,
        "an alert without words",
        "Whoever is woken reads a name and has to guess.",
    ),
    Check(
        "rules/no-runbook",
        INFO,
        "an alert without a runbook_url",
        "Whoever is woken has to find out what to do.",
    ),
    Check(
        "rules/unrouted",
        WARNING,
        "an alert of which nobody is told",
        "It fires, and the receiver of its route has no integration.",
    ),
    Check(
        "rules/no-severity",
        WARNING,
        "an alert without the label by which routes choose",
        "It goes to the default receiver, whatever it is about.",
    ),
    Check(
        "rules/two-severities",
        INFO,
        "two severities of one alert that are told together",
        "One fault gives two messages, of which the milder says nothing new.",
    ),
)
