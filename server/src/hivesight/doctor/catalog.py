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
        "An aggregation or function before has dropped it: grouping by it puts everything in one group, matching on it "
        "finds nothing.",
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
    # ---- against a running server ----
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
    # ---- rule files ----
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
    # ---- rules beside each other, and what they say to people ----
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
    # ---- Prometheus files ----
    Check(
        "prometheus/no-rule-file",
        WARNING,
        "a rule file that is not there",
        "Prometheus starts without it: its alerts do not exist, and nothing says so.",
    ),
    Check(
        "prometheus/empty-pattern",
        INFO,
        "a pattern of rule files that fits none",
        "No rule comes from it, by a wrong folder as likely as by intent.",
    ),
    Check(
        "prometheus/rules-not-loaded",
        INFO,
        "a rule file that no rule_files names",
        "Its alerts look as if they were on guard, and are never evaluated.",
    ),
    Check(
        "prometheus/duplicate-target",
        WARNING,
        "a target that two jobs scrape",
        "Every series is there twice: sums count double, and two alerts tell of one fault.",
    ),
    Check(
        "prometheus/same-port",
        INFO,
        "two services on the same port",
        "Where they run on one host only one of them can listen.",
    ),
    Check(
        "prometheus/foreign-labels",
        WARNING,
        "series with labels of their own, without honor_labels",
        "job and instance say who scraped, and what the series were about is in exported_job and exported_instance.",
    ),
    Check(
        "prometheus/kubernetes-everything",
        WARNING,
        "discovery in Kubernetes that keeps everything",
        "Every port of every pod becomes a target, most of which speak no metrics: up is 0 for all of them.",
    ),
    Check(
        "prometheus/kubernetes-port",
        INFO,
        "discovery of pods that does not choose a port",
        "A pod with three ports is three targets, two of which fail.",
    ),
    Check(
        "prometheus/kubernetes-labels",
        INFO,
        "discovery in Kubernetes without namespace and pod",
        "An alert names an address that is gone when somebody looks.",
    ),
    Check(
        "prometheus/mixed-discovery",
        INFO,
        "services named, and discovered as well",
        "Where both find one service its series are there twice.",
    ),
    Check(
        "prometheus/no-external-labels",
        INFO,
        "remote_write without external_labels",
        "Series of two servers are mixed into one in the store that both write to.",
    ),
    Check(
        "prometheus/no-alertmanager",
        WARNING,
        "alerts without an Alertmanager",
        "They fire on the server's own page alone.",
    ),
    Check(
        "prometheus/unwatched-server",
        INFO,
        "a server of the monitoring that nobody scrapes",
        "It breaks unseen, and with it all that it watches.",
    ),
    Check(
        "prometheus/no-limits",
        INFO,
        "no limit of samples or labels",
        "One target with too many series takes the server down, and all monitoring with it.",
    ),
    Check(
        "prometheus/unwatched-job",
        INFO,
        "a job whose failure no alert watches",
        "Its targets go down, its series end, and the alerts on them fall silent.",
    ),
    Check(
        "prometheus/exporter-not-scraped",
        WARNING,
        "an exporter that runs and is not scraped",
        "It costs its share and its metrics are nowhere.",
    ),
    # ---- Alertmanager files ----
    Check(
        "alertmanager/contradiction",
        WARNING,
        "a route whose conditions exclude each other",
        "No alert can meet them: its receiver is never told.",
    ),
    Check(
        "alertmanager/shadowed-route",
        WARNING,
        "a route behind one that takes its alerts",
        "The first route that matches takes an alert; without continue none after it is asked.",
    ),
    Check(
        "alertmanager/unmet-route",
        WARNING,
        "a route whose conditions no alert meets",
        "Its receiver waits for a label or a name that no rule makes, such as one that was renamed.",
    ),
    Check(
        "alertmanager/unused-receiver",
        WARNING,
        "a receiver that no route names",
        "Whoever is behind it believes to be told, and never is.",
    ),
    Check(
        "alertmanager/empty-receiver",
        WARNING,
        "a receiver without integrations that is not called null",
        "Alerts that are routed there are told nobody, and look as if they were.",
    ),
    Check(
        "alertmanager/no-integration",
        INFO,
        "a file without any integration",
        "It is a skeleton that tells nobody of anything, until somebody fills it in.",
    ),
    Check(
        "alertmanager/no-pager",
        INFO,
        "the gravest alerts in writing alone",
        "At night nobody reads mail and chat.",
    ),
    Check(
        "alertmanager/no-watchdog",
        INFO,
        "no alert that fires always",
        "When the monitoring itself breaks it is as silent as when all is well.",
    ),
    Check(
        "alertmanager/repeated-address",
        INFO,
        "an address that stands in the file twice",
        "Whoever changes one forgets the other.",
    ),
    Check(
        "alertmanager/inhibits-nothing",
        WARNING,
        "an inhibition rule that never mutes",
        "Both alerts of one condition are told, and the rule looks as if they were not.",
    ),
    Check(
        "alertmanager/inhibits-nothing-here",
        INFO,
        "an inhibition rule without a source or target in the set",
        "It does nothing for the alerts of these files.",
    ),
    Check(
        "alertmanager/inhibits-all",
        WARNING,
        "an inhibition rule that mutes whatever it can",
        "One alert silences those that have nothing to do with it.",
    ),
    Check(
        "alertmanager/inhibits-unrelated",
        WARNING,
        "an inhibition rule held together by labels that are not there",
        "A label that both sides lack counts as equal, so that one alert silences another that it has nothing to "
        "do with.",
    ),
    Check(
        "alertmanager/short-repeat",
        WARNING,
        "repeat_interval shorter than group_interval",
        "A group is looked at once in a group_interval: it is repeated no sooner.",
    ),
    Check(
        "alertmanager/beyond-retention",
        INFO,
        "repeat_interval beyond what Alertmanager remembers",
        "After five days it does not know what it told, and tells it again.",
    ),
    Check(
        "alertmanager/slow-repeat",
        INFO,
        "a page that is repeated after hours",
        "Who misses the first message learns of the outage much later.",
    ),
    Check(
        "alertmanager/group-by-absent",
        INFO,
        "group_by of a label that alerts do not have",
        "It does not part them as its author meant.",
    ),
    Check(
        "alertmanager/never-resolved",
        INFO,
        "send_resolved left to its default of false",
        "Nobody is told that it is over.",
    ),
    Check(
        "alertmanager/no-status",
        INFO,
        "a message that does not say whether it is over",
        "The message that all is well again reads as if it began.",
    ),
    Check(
        "alertmanager/slack-webhook",
        WARNING,
        "a Slack address in webhook_configs",
        "Slack refuses Alertmanager's own JSON: nobody is told.",
    ),
    Check(
        "alertmanager/go-map",
        INFO,
        "labels printed as a Go map",
        "map[alertname:... instance:...] is hard to read for whoever is woken.",
    ),
    Check(
        "alertmanager/old-matchers",
        INFO,
        "matchers in the old notation",
        "match and match_re are deprecated, and know fewer operators.",
    ),
    Check(
        "alertmanager/no-template-file",
        WARNING,
        "a file of templates that is not there",
        "Alertmanager starts without it, and messages that need it fail.",
    ),
    Check(
        "alertmanager/undefined-template",
        ERROR,
        "a template that nothing defines",
        "The message cannot be made: nobody is told.",
    ),
    # ---- secrets ----
    Check(
        "secrets/in-file",
        WARNING,
        "a secret in the file",
        "Everyone who can read the file, its history or a backup has it, and it cannot be changed without a "
        "change of the file.",
    ),
    Check(
        "secrets/placeholder",
        WARNING,
        "a text of an example in the place of a value",
        "What needs it fails, or goes to somebody else.",
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
        "compose/port-taken",
        INFO,
        "a port of the host that something outside the stack seems to have",
        "Whichever starts second does not start.",
    ),
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
