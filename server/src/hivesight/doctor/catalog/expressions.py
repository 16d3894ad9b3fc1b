"""Checks of PromQL, wherever it stands."""

from typing import Final

from hivesight.doctor.catalog.check import ERROR, INFO, WARNING, Check

CHECKS: Final = (
    Check(
        "promql/quantile-without-buckets",
        ERROR,
        "histogram_quantile over something that has no buckets",
        "A classic histogram has its counts in `_bucket` with the label `le`; over anything else the quantile is "
        "always empty, so that an alert on it never fires and a panel shows nothing.",
    ),
    Check(
        "promql/quantile-of-raw-buckets",
        WARNING,
        "histogram_quantile over buckets without rate or increase",
        "Buckets count since the process began: their quantile is that of its whole life and hardly moves.",
    ),
    Check(
        "promql/lifetime-mean",
        WARNING,
        "a sum divided by its count without rate or increase",
        "Both count since the process began: their quotient is the mean of its whole life, in which what is slow now "
        "does not show.",
    ),
    Check(
        "promql/impossible-label",
        ERROR,
        "vectors matched on a label that one of them cannot have",
        "An aggregation or function before has dropped it: nothing matches, and the expression is always empty.",
    ),
    Check(
        "promql/lost-label",
        WARNING,
        "grouping by a label that the series cannot have",
        "An aggregation inside has dropped it: what was to be told apart by it lands in one group.",
    ),
    Check(
        "promql/one-sided-match",
        WARNING,
        "vectors matched on a label that one of them has lost",
        "Only series without that label find each other: as soon as it is there, the expression yields nothing.",
    ),
    Check(
        "promql/pairs-with-itself",
        ERROR,
        "a ratio in which every series is paired with itself",
        "Both sides select the same metric, one of them fewer series, and match on all labels: each quotient is 1, "
        "whatever the share is.",
    ),
    Check(
        "promql/constant-comparison",
        ERROR,
        "a comparison that is always true or always false",
        "The values on one side cannot reach the other: the rule fires always or never.",
    ),
    Check(
        "promql/contradiction",
        ERROR,
        "conditions of one thing that cannot hold together",
        "`and` wants both: what is above one limit is never below a lower one. The rule never fires.",
    ),
    Check(
        "promql/idle-comparison",
        INFO,
        "a comparison that every series passes",
        "count() is never 0 and absent() always 1: the comparison reads as if it could fail.",
    ),
    Check(
        "promql/absent-compared",
        ERROR,
        "absent() compared with 0",
        "absent() is 1 or nothing, never 0: the comparison is never true.",
    ),
    Check(
        "promql/rate-of-gauge",
        ERROR,
        "rate, irate or increase of a gauge",
        "Each fall of a gauge is taken for a counter's restart and added up: the result is no rate of anything.",
    ),
    Check(
        "promql/rate-of-seeming-gauge",
        WARNING,
        "rate, irate or increase of what is a gauge by its name",
        "Ratios, percentages, temperatures and `_info` do not count anything; a counter with such a name misleads.",
    ),
    Check(
        "promql/rate-of-rate",
        ERROR,
        "a counter's function over what is no counter any more",
        "A sum or a recorded rate falls when a series ends or work calms down, which rate() takes for a restart.",
    ),
    Check(
        "promql/delta-of-counter",
        WARNING,
        "delta, deriv or predict_linear over a counter",
        "They know nothing of restarts: after one the result is a large negative number.",
    ),
    Check(
        "promql/counter-as-gauge",
        WARNING,
        "a counter's raw value compared with a limit",
        "It grows for ever: once beyond the limit the rule fires until the process restarts.",
    ),
    Check(
        "promql/histogram-family",
        ERROR,
        "a histogram asked for by the name of its family",
        "A classic histogram has series with `_bucket`, `_sum` and `_count` alone; none has the family's own name.",
    ),
    Check(
        "promql/short-range",
        WARNING,
        "a range shorter than two scrapes",
        "A rate needs two samples in its range; with fewer it is empty, and with two it is empty whenever one is late.",
    ),
    Check(
        "promql/unit",
        WARNING,
        "a limit in another unit than the metric's",
        "The metric's name says seconds, a ratio or bytes, and the number looks like milliseconds, percent or "
        "megabytes: the rule fires never or always.",
    ),
    Check(
        "promql/regex-without-effect",
        INFO,
        "a regular expression that is a plain text, or is anchored twice",
        "Matchers are anchored at both ends already; a plain text reads better, and is found quicker, with `=`.",
    ),
    Check(
        "promql/literal-regex",
        WARNING,
        "a regular expression behind = or !=",
        "`=` compares letter by letter: no status code is `5..`, so that nothing is selected, or everything is.",
    ),
    Check(
        "promql/empty-matcher",
        INFO,
        "a matcher that also takes series without the label",
        "The expression matches the empty text, so it selects far more than it names.",
    ),
    Check(
        "promql/aggregated-quantile",
        WARNING,
        "a mean, sum or quantile of quantiles",
        "Quantiles of several instances cannot be averaged or added: one that is slow is hidden, and the number is no "
        "quantile of anything.",
    ),
    Check(
        "promql/absent-of-always",
        ERROR,
        "absent() of what is always there",
        "`or vector(0)`, which makes something of nothing, inside absent(): the alert on missing series never fires.",
    ),
    Check(
        "promql/choice-of-one",
        INFO,
        "topk or bottomk of a single series",
        "The aggregation inside leaves one series, so that there is nothing to choose.",
    ),
    Check(
        "promql/fraction-of-increase",
        INFO,
        "increase() compared with a fraction",
        "The limit was meant for a rate or a share: any single event passes it.",
    ),
    Check(
        "promql/precedence",
        INFO,
        "operators that bind otherwise than they read",
        "`and` binds tighter than `or`, `^` tighter than `-`, and comparisons are taken from left to right.",
    ),
)
