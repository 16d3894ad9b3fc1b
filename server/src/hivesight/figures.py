"""The server's figures of its rooms, as metric families: what they count themselves is only read here."""

from collections.abc import Callable

from prometheus_client.registry import Collector

from hivesight.rules import RuleManager
from hivesight.storage.tsdb import Tsdb, TsdbStats
from hivesight.telemetry.collector import Figures, FiguresCollector


def figures(tsdb: Tsdb, rules: RuleManager) -> Collector:
    """A collector of the store's and the rules' figures."""

    def store(read: Callable[[TsdbStats], float]) -> Callable[[], Figures]:
        return lambda: {"": read(tsdb.stats())}

    def rule_groups(read: Callable[[], float]) -> Callable[[], Figures]:
        return lambda: {"": read()}

    return FiguresCollector(
        [
            ("prometheus_tsdb_head_series", "Series in memory.", "", store(lambda each: each.series)),
            (
                "prometheus_tsdb_head_samples_appended_total",
                "Samples stored since the start.",
                "",
                store(lambda each: each.samples_appended_total),
            ),
            (
                "hivesight_tsdb_samples_refused_total",
                "Samples that were not stored, by reason.",
                "reason",
                lambda: {str(reason): count for reason, count in tsdb.stats().samples_refused_total.items()},
            ),
            (
                "hivesight_tsdb_series_refused_total",
                "Series that a limit refused, by limit.",
                "limit",
                lambda: {str(limit): count for limit, count in tsdb.stats().series_refused_total.items()},
            ),
            (
                "hivesight_tsdb_groups_refused_total",
                "Scrape groups that a limit refused.",
                "",
                store(lambda each: each.groups_refused_total),
            ),
            ("hivesight_tsdb_head_bytes", "Bytes of the samples in memory.", "", store(lambda each: each.head_bytes)),
            ("prometheus_tsdb_blocks_loaded", "Blocks on the disk.", "", store(lambda each: each.blocks)),
            (
                "prometheus_tsdb_storage_blocks_bytes",
                "Bytes of the blocks on the disk.",
                "",
                store(lambda each: each.block_bytes),
            ),
            (
                "hivesight_tsdb_blocks_quarantined_total",
                "Blocks that were damaged and set aside.",
                "",
                store(lambda each: each.blocks_quarantined_total),
            ),
            (
                "prometheus_tsdb_compactions_total",
                "Joins of old blocks.",
                "",
                store(lambda each: each.compactions_total),
            ),
            (
                "prometheus_tsdb_compactions_failed_total",
                "Joins of old blocks that failed; they are tried again in an hour.",
                "",
                store(lambda each: each.compactions_failed_total),
            ),
            ("hivesight_tsdb_wal_bytes", "Bytes of the write-ahead log.", "", store(lambda each: each.wal_bytes)),
            (
                "hivesight_tsdb_wal_failures_total",
                "Writes that the disk did not take.",
                "",
                store(lambda each: each.wal_failures_total),
            ),
            (
                "prometheus_rule_evaluations_total",
                "Evaluations of rules.",
                "",
                rule_groups(lambda: sum(group.evaluations for group in rules.snapshot().groups)),
            ),
            (
                "prometheus_rule_evaluation_failures_total",
                "Evaluations of rules that failed.",
                "",
                rule_groups(lambda: sum(group.failures for group in rules.snapshot().groups)),
            ),
            (
                "prometheus_rule_group_iterations_missed_total",
                "Turns of rule groups that were left out because the one before took too long.",
                "",
                rule_groups(lambda: sum(group.missed for group in rules.snapshot().groups)),
            ),
            (
                "hivesight_rule_group_crashes_total",
                "Evaluations of rule groups that ended in a fault of the server itself.",
                "",
                rule_groups(lambda: rules.crashes),
            ),
        ]
    )
