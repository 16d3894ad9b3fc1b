"""The server's figures of its rooms, as metric families: what they count themselves is only read here."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client.registry import Collector

from hivesight.rules import RuleManager
from hivesight.rules.group import Group
from hivesight.storage.tsdb import Refusal, Tsdb, TsdbStats
from hivesight.telemetry.collector import Figures, FiguresCollector


def figures(tsdb: Tsdb, rules: RuleManager) -> Collector:
    """A collector of the store's and the rules' figures."""

    def store(read: Callable[[TsdbStats], float]) -> Callable[[], Figures]:
        return lambda: {"": read(tsdb.stats())}

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
                lambda: _counted(Refusal, tsdb.stats().samples_refused_total),
            ),
            (
                "hivesight_tsdb_series_refused_total",
                "Series that a limit refused, by limit.",
                "limit",
                lambda: _counted(_SERIES_LIMITS, tsdb.stats().series_refused_total),
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
            *_rule_groups(rules),
            (
                "hivesight_rule_group_crashes_total",
                "Evaluations of rule groups that ended in a fault of the server itself.",
                "",
                lambda: {"": rules.crashes},
            ),
        ]
    )


_SERIES_LIMITS: Final = tuple(each for each in Refusal if each.startswith("max_"))


def _counted(kinds: Iterable[Refusal], counts: Mapping[Refusal, int]) -> Figures:
    """A figure of each kind, also before the first: what begins at one has not risen for `increase`."""
    return {str(each): counts.get(each, 0) for each in kinds}


_GROUP_FIGURES: Final[tuple[tuple[str, str, Callable[[Group], float]], ...]] = (
    ("prometheus_rule_evaluations_total", "Evaluations of rules.", lambda group: group.status.evaluations),
    (
        "prometheus_rule_evaluation_failures_total",
        "Evaluations of rules that failed.",
        lambda group: group.status.failures,
    ),
    (
        "prometheus_rule_group_iterations_total",
        "Turns of rule groups, those that were left out among them.",
        lambda group: group.status.iterations + group.status.missed,
    ),
    (
        "prometheus_rule_group_iterations_missed_total",
        "Turns of rule groups that were left out because the one before took too long.",
        lambda group: group.status.missed,
    ),
    (
        "prometheus_rule_group_interval_seconds",
        "How often a group is evaluated.",
        lambda group: group.interval_ms / 1000,
    ),
    (
        "prometheus_rule_group_last_duration_seconds",
        "How long the last evaluation of a group took.",
        lambda group: group.status.evaluation_seconds,
    ),
    (
        "prometheus_rule_group_last_evaluation_timestamp_seconds",
        "When a group was evaluated last; 0 before the first time.",
        lambda group: group.status.evaluated_at_ms / 1000,
    ),
    (
        "prometheus_rule_group_last_evaluation_samples",
        "Samples that the last evaluation of a group made.",
        lambda group: group.status.samples,
    ),
    ("prometheus_rule_group_rules", "Rules of a group.", lambda group: len(group.places)),
)


def _rule_groups(rules: RuleManager) -> list[tuple[str, str, str, Callable[[], Figures]]]:
    """Prometheus' figures of groups, by `file;name`."""

    def reading(read: Callable[[Group], float]) -> Callable[[], Figures]:
        return lambda: {f"{group.file};{group.config.name}": read(group) for group in rules.groups}

    return [(name, help_, "rule_group", reading(read)) for name, help_, read in _GROUP_FIGURES]
