"""Checks of Prometheus files."""

from typing import Final

from hivesight.doctor.catalog.check import INFO, WARNING, Check

CHECKS: Final = (
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
)
