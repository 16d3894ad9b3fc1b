"""Every check by its code: how grave what it finds is, and why that matters. The docs page is printed from it."""

from dataclasses import dataclass
from typing import Final

from hivesight.model.diagnostics import Severity

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


@dataclass(frozen=True, slots=True)
class Check:
    """code: `room/name`, stable. severity: ERROR for what cannot work, WARNING for what does something else than it
    seems, INFO for advice. title: what is found. why: what happens to whom if it stays."""

    code: str
    severity: Severity
    title: str
    why: str


def _table(*checks: Check) -> dict[str, Check]:
    return {check.code: check for check in checks}


CHECKS: Final[dict[str, Check]] = _table(
    # ---- expressions ----
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
        "promql/impossible-label",
        ERROR,
        "a label that the series cannot have",
        "An aggregation or function before has dropped it, so that grouping by it, matching on it or selecting it "
        "gives nothing, or everything in one group.",
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
        "promql/empty-matcher",
        WARNING,
        "a matcher that also takes series without the label",
        "The expression matches the empty text, so it selects far more than it names.",
    ),
    # ---- rule files ----
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
    # ---- dashboards ----
    Check(
        "dashboards/wrapped",
        WARNING,
        "a dashboard wrapped for the HTTP API",
        "Grafana reads bare dashboards from a folder; of this one it finds neither title nor panels.",
    ),
    Check(
        "dashboards/no-uid",
        WARNING,
        "a dashboard without a uid",
        "Each import makes another copy, and links to it lead nowhere.",
    ),
    Check(
        "dashboards/no-schema-version",
        INFO,
        "a dashboard without schemaVersion",
        "Grafana converts it as one of its first days.",
    ),
    Check(
        "dashboards/fixed-id",
        WARNING,
        "a dashboard with the id of a database",
        "It collides with another dashboard, or is refused, in every other Grafana.",
    ),
    Check(
        "dashboards/no-variables",
        INFO,
        "a dashboard without variables",
        "Nobody can look at another data source, cluster or instance with it.",
    ),
    Check(
        "dashboards/removed-panel",
        WARNING,
        "a panel type that Grafana has removed",
        "It shows nothing, or what a conversion leaves of it.",
    ),
    Check(
        "dashboards/old-key",
        WARNING,
        "a key that panels do not read",
        "Axes, limits or colours that its author has chosen are not there.",
    ),
    Check(
        "dashboards/base-step",
        WARNING,
        "a first threshold with a value",
        "It is the colour from the lowest value on, whatever it says: what lies below it is coloured too.",
    ),
    Check(
        "dashboards/base-step-zero",
        INFO,
        "a first threshold of 0 where null is meant",
        "It reads as if values below 0 had no colour; they have this one.",
    ),
    Check(
        "dashboards/no-datasource",
        INFO,
        "a panel without a data source",
        "It asks whatever is the default of the Grafana it is loaded into.",
    ),
    Check(
        "dashboards/no-unit",
        INFO,
        "a panel without a unit",
        "0.25 may be a ratio or seconds: whoever looks has to guess.",
    ),
    Check("dashboards/no-query", WARNING, "a panel without a query", "It is empty for ever."),
    Check(
        "dashboards/duplicate-ref",
        WARNING,
        "two queries with the same refId",
        "The answer of one overwrites the other's.",
    ),
    Check(
        "dashboards/duplicate-id", WARNING, "two panels with the same id", "Links and renderings of one show the other."
    ),
    Check(
        "dashboards/overlap",
        INFO,
        "panels that lie on each other",
        "Grafana moves one down, and the page looks otherwise than in the file.",
    ),
    Check(
        "dashboards/outside-grid",
        WARNING,
        "a panel beyond the grid's columns",
        "Grafana has 24 columns and squeezes or moves what is beyond.",
    ),
    Check(
        "dashboards/undefined-variable",
        ERROR,
        "a variable that nothing defines",
        "Grafana sends the text with its $ to the data source, which finds nothing.",
    ),
    Check(
        "dashboards/unused-variable",
        INFO,
        "a variable that nothing uses",
        "Whoever chooses a value sees no change and wonders.",
    ),
    Check(
        "dashboards/interval-in-rate",
        WARNING,
        "$__interval as the range of a rate",
        "Zoomed in it is shorter than two scrapes, and the panel empty; $__rate_interval never is.",
    ),
    Check(
        "dashboards/query-syntax", ERROR, "a query that does not parse", "The panel shows an error in place of data."
    ),
    Check(
        "dashboards/unknown-metric",
        WARNING,
        "a metric of the hive that nothing exposes or records",
        "The panel is empty.",
    ),
    Check(
        "dashboards/hides-absence",
        INFO,
        "the last value of what may vanish",
        "A target that has gone from discovery still looks healthy.",
    ),
    Check(
        "dashboards/legend-label",
        WARNING,
        "a legend with a label that the query drops",
        "The legend is empty there, and lines cannot be told apart.",
    ),
    Check(
        "dashboards/same-legend",
        WARNING,
        "lines that share a legend",
        "The query keeps a label that the legend lacks: several lines look as one and the same.",
    ),
    Check(
        "dashboards/short-legend",
        INFO,
        "a legend that lacks a label by which the query groups",
        "Lines may share a legend.",
    ),
    Check(
        "dashboards/mixed-units",
        WARNING,
        "two units on one axis",
        "One of them is out of scale or cut off by the axis' limits.",
    ),
    Check(
        "dashboards/unit",
        WARNING,
        "an axis in another unit than the query",
        "Every number on it is off by a factor of 100 or 1000.",
    ),
    Check(
        "dashboards/other-limit",
        INFO,
        "colours that change elsewhere than alerts fire",
        "The panel is red without an alert, or green with one.",
    ),
    # ---- Compose ----
    Check(
        "compose/obsolete-version",
        INFO,
        "the key version",
        "Compose warns of it at each command, and reads it nowhere.",
    ),
    Check(
        "compose/unpinned-image",
        WARNING,
        "an image without a version",
        "An update comes with any pull, unasked, and the version that worked cannot be had again.",
    ),
    Check(
        "compose/stale-registry",
        WARNING,
        "an image from a registry that is no longer filled",
        "No version with mended faults comes from there.",
    ),
    Check(
        "compose/open-port",
        WARNING,
        "a port on every address of the host",
        "Exporters and stores have no sign-in: whoever reaches the host reads them, past most firewalls.",
    ),
    Check("compose/port-clash", ERROR, "two services that publish one port of the host", "The second does not start."),
    Check(
        "compose/literal-secret",
        WARNING,
        "a secret in the file",
        "Everyone who can read the file or its history has it, and changing it means changing the file.",
    ),
    Check(
        "compose/database-access",
        INFO,
        "a database reached as its superuser, or in the clear",
        "An exporter that is broken into has the whole database.",
    ),
    Check("compose/privileged", WARNING, "a privileged container", "Whoever breaks into it has the host."),
    Check(
        "compose/docker-socket",
        WARNING,
        "a container with Docker's socket",
        "Whoever writes to the socket is root on the host.",
    ),
    Check(
        "compose/writable-host",
        WARNING,
        "the host's file system in a container, to write",
        "Whoever breaks into it has the host.",
    ),
    Check(
        "compose/no-healthcheck",
        INFO,
        "a service without a health check",
        "A process that hangs is taken for one that works.",
    ),
    Check("compose/no-limits", INFO, "a service without limits", "It can take the memory of all others on the host."),
    Check("compose/no-restart", INFO, "a service without a restart policy", "It stays down after a crash or a reboot."),
    Check(
        "compose/endless-logs", INFO, "logs that are never cut", "They fill the disk, and everything on the host stops."
    ),
    Check(
        "compose/no-volume", WARNING, "a store without a volume", "Its data are gone when the container is made anew."
    ),
    Check(
        "compose/node-exporter",
        WARNING,
        "a node exporter that sees the container",
        "Its figures are right for nobody: network and file systems of the container go by the host's name.",
    ),
    Check(
        "compose/unknown-dependency", ERROR, "depends_on a service that is not there", "Compose refuses the whole file."
    ),
    Check("compose/undefined", ERROR, "a network or volume that is not defined", "Compose refuses the whole file."),
    Check(
        "compose/unknown-host",
        WARNING,
        "a host that none of its networks knows",
        "The name does not resolve: the exporter runs and reports nothing.",
    ),
    Check(
        "compose/no-common-network",
        WARNING,
        "a service in other networks than whoever names it",
        "The name does not resolve: the exporter runs and reports nothing.",
    ),
    # ---- Collector ----
    Check("collector/undefined", ERROR, "a component that is used and not defined", "The Collector does not start."),
    Check(
        "collector/unused",
        INFO,
        "a component that is defined and not used",
        "The Collector does not run it, and says nothing.",
    ),
    Check("collector/unknown-signal", ERROR, "a pipeline for no signal", "The Collector does not start."),
    Check("collector/no-end", ERROR, "a pipeline without receivers or exporters", "The Collector does not start."),
    Check("collector/half-connector", ERROR, "a connector at one end alone", "The Collector does not start."),
    Check(
        "collector/removed",
        ERROR,
        "a component that the Collector has removed",
        "A Collector of today does not start with it.",
    ),
    Check(
        "collector/no-memory-limiter",
        INFO,
        "a pipeline without memory_limiter",
        "It ends out of memory when data come faster than they go.",
    ),
    Check(
        "collector/late-memory-limiter",
        WARNING,
        "memory_limiter after other processors",
        "It refuses what was taken already: data are lost in place of being sent again.",
    ),
    Check("collector/no-batch", INFO, "a pipeline without batch", "Many small requests load the backend."),
    Check(
        "collector/early-batch", INFO, "batch before what takes data out", "Batches leave smaller than they were made."
    ),
    Check(
        "collector/open-endpoint",
        WARNING,
        "a receiver on every address",
        "Whoever reaches the host can send data, and fill it.",
    ),
    Check(
        "collector/literal-secret",
        WARNING,
        "a secret in the file",
        "Everyone who can read the file or its history has it.",
    ),
    Check(
        "collector/unverified",
        WARNING,
        "a connection that trusts any certificate",
        "Whoever is in between reads the data.",
    ),
    Check("collector/silent", WARNING, "no metrics of the Collector itself", "What it drops is lost unseen."),
    Check(
        "collector/old-telemetry",
        WARNING,
        "a key of telemetry that is read no more",
        "The Collector's own metrics are elsewhere, or it does not start.",
    ),
    Check(
        "collector/no-health-check",
        INFO,
        "a Collector without health_check",
        "Whoever runs it cannot tell whether it works.",
    ),
)
"""All checks, by code."""
