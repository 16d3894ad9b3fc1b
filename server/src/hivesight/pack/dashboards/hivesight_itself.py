"""The monitoring itself: whether it sees, keeps, judges, tells, sends on and answers. Names that Prometheus and
Alertmanager have are theirs, so that most of it holds for them too."""

from typing import Final

from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.own_figures import lost, rate, series, total
from hivesight.pack.dashboards.sending_on import SENDS_ON
from hivesight.pack.dashboards.spec import Dashboard, Kind, Panel, Query, Row
from hivesight.pack.dashboards.variables import scope

_SEES: Final = Row(
    "It sees",
    (
        Panel(
            Kind.TIMESERIES,
            "Scrapes",
            "Scrapes a second by outcome: ok, or why one failed.",
            (Query(rate("hivesight_scrapes_total", "outcome"), "{{outcome}}"),),
            units.PER_SECOND,
            width=6,
        ),
        Panel(
            Kind.TIMESERIES,
            "Samples",
            "Samples a second that came in and were stored.",
            (
                Query(rate("hivesight_scrape_samples_total"), "scraped"),
                Query(rate("hivesight_remote_write_samples_total"), "remote write"),
                Query(rate("hivesight_otlp_points_total"), "OTLP"),
            ),
            units.PER_SECOND,
            width=6,
        ),
        Panel(
            Kind.STAT,
            "Scrapes left out",
            "Scrapes of 5 minutes that were left out, since those before, or the machine, were too slow.",
            (Query(lost("hivesight_scrapes_skipped_total"), "skipped"),),
            width=6,
            alerts=("ScrapesSkipped",),
        ),
        Panel(
            Kind.TIMESERIES,
            "Samples not stored",
            "Samples a second that were scraped and not stored, by reason.",
            (Query(rate("hivesight_scrape_samples_dropped_total", "reason"), "{{reason}}"),),
            units.PER_SECOND,
            width=6,
        ),
    ),
)

_KEEPS: Final = Row(
    "It keeps",
    (
        Panel(
            Kind.TIMESERIES,
            "Series",
            "Series in memory.",
            (Query(total("prometheus_tsdb_head_series"), "series"),),
            width=6,
        ),
        Panel(
            Kind.TIMESERIES,
            "Bytes",
            "Bytes of samples in memory, of the write-ahead log, and of blocks on the disk.",
            (
                Query(total("hivesight_tsdb_head_bytes"), "memory"),
                Query(total("hivesight_tsdb_wal_bytes"), "write-ahead log"),
                Query(total("prometheus_tsdb_storage_blocks_bytes"), "blocks"),
            ),
            units.BYTES,
            width=6,
        ),
        Panel(
            Kind.TIMESERIES,
            "Series refused",
            "Series of 5 minutes that a limit refused. The log names the label that explodes.",
            (Query(lost("hivesight_tsdb_series_refused_total", "limit"), "{{limit}}"),),
            width=6,
            alerts=("SeriesRefused",),
        ),
        Panel(
            Kind.STAT,
            "Writes that failed",
            "Writes of 5 minutes that the disk did not take.",
            (Query(lost("hivesight_tsdb_wal_failures_total"), "failed"),),
            width=6,
            alerts=("StorageWritesFailing",),
        ),
    ),
)

_JUDGES: Final = Row(
    "It judges",
    (
        Panel(
            Kind.TIMESERIES,
            "How long rule groups take",
            "Duration of the last evaluation of each group; it must stay below the group's interval.",
            (
                Query(
                    f"max by (rule_group) ({series('prometheus_rule_group_last_duration_seconds')})", "{{rule_group}}"
                ),
            ),
            units.SECONDS,
            width=12,
        ),
        Panel(
            Kind.TIMESERIES,
            "Failed evaluations",
            "Evaluations of rules of 5 minutes that ended in an error.",
            (Query(lost("prometheus_rule_evaluation_failures_total", "rule_group"), "{{rule_group}}"),),
            width=6,
            alerts=("RuleEvaluationFailures",),
        ),
        Panel(
            Kind.TIMESERIES,
            "Evaluations left out",
            "Evaluations of 5 minutes that were left out since those before took too long.",
            (Query(lost("prometheus_rule_group_iterations_missed_total", "rule_group"), "{{rule_group}}"),),
            width=6,
            alerts=("RuleEvaluationsMissed",),
        ),
    ),
)

_TELLS: Final = Row(
    "It tells",
    (
        Panel(
            Kind.TIMESERIES,
            "Notifications",
            "Notifications a second that were to be sent, by kind of receiver.",
            (Query(rate("alertmanager_notifications_total", "integration"), "{{integration}}"),),
            units.PER_SECOND,
            width=6,
        ),
        Panel(
            Kind.TIMESERIES,
            "Notifications that failed",
            "Notifications of 5 minutes that could not be sent, all tries over.",
            (Query(lost("alertmanager_notifications_failed_total", "integration"), "{{integration}}"),),
            width=6,
            alerts=("NotificationsFailing",),
        ),
        Panel(
            Kind.TIMESERIES,
            "Alerts lost",
            "Alerts of 5 minutes that went to nobody.",
            (
                Query(lost("alertmanager_alerts_refused_total"), "refused"),
                Query(lost("alertmanager_dispatcher_aggregation_group_limit_reached_total"), "without a group"),
                Query(lost("prometheus_notifications_dropped_total"), "to other Alertmanagers"),
            ),
            width=6,
            alerts=("AlertsDropped",),
        ),
        Panel(
            Kind.STAT,
            "Alerts in the store",
            "Alerts that alerting holds, resolved ones too.",
            (Query(total("alertmanager_alerts_stored"), "alerts"),),
            width=6,
        ),
    ),
)

_ANSWERS: Final = Row(
    "It answers, and what it takes",
    (
        Panel(
            Kind.TIMESERIES,
            "Questions",
            "Questions that are being answered or wait for it, and those of them that wait.",
            (
                Query(total("hivesight_api_questions_waiting"), "all"),
                Query(total("hivesight_api_questions_queued"), "that wait"),
            ),
            width=6,
        ),
        Panel(
            Kind.TIMESERIES,
            "Questions without an answer",
            "Questions a second that were refused, or ended before their end.",
            (
                Query(rate("hivesight_api_questions_refused_total"), "refused"),
                Query(rate("hivesight_api_questions_ended_early_total", "reason"), "{{reason}}"),
            ),
            units.PER_SECOND,
            width=6,
        ),
        Panel(
            Kind.TIMESERIES,
            "CPU",
            "Processors that the server uses.",
            (Query(rate("process_cpu_seconds_total", "instance"), "{{instance}}"),),
            width=6,
        ),
        Panel(
            Kind.TIMESERIES,
            "Memory",
            "Resident memory of the server.",
            (Query(series("process_resident_memory_bytes"), "{{instance}}"),),
            units.BYTES,
            width=6,
        ),
    ),
)

DASHBOARD: Final = Dashboard(
    "hivesight",
    "Hivesight itself",
    "Whether the monitoring sees, keeps, judges, tells, sends on and answers.",
    scope("hivesight_scrape_targets"),
    (_SEES, _KEEPS, _JUDGES, _TELLS, SENDS_ON, _ANSWERS),
)
