"""Counters and gauges of the metrics store."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Refusal(StrEnum):
    """Why a sample or a series was not taken. The values are metric labels."""

    OUT_OF_ORDER = "out_of_order"
    DUPLICATE = "duplicate"
    OUT_OF_BOUNDS = "out_of_bounds"
    """Older than the retention, or too far in the future."""
    REFUSED_SERIES = "refused_series"
    """The row is -1: its series was refused before."""
    UNKNOWN_ROW = "unknown_row"
    """Retention dropped the series: register it again."""
    HEAD_BYTES = "head_bytes"
    WRITE_FAILED = "write_failed"
    MAX_SERIES = "max_series"
    MAX_SERIES_PER_TARGET = "max_series_per_target"
    MAX_SERIES_PER_METRIC = "max_series_per_metric"
    MAX_LABELS = "max_labels_per_series"
    MAX_LABEL_BYTES = "max_label_bytes"
    MAX_SYMBOL_BYTES = "max_symbol_bytes"


@dataclass(slots=True)
class Counters:
    """What the writing side counts; changed under the writers' lock."""

    samples_appended: int = 0
    samples_refused: Counter[Refusal] = field(default_factory=Counter[Refusal])
    groups_refused: int = 0
    series_created: int = 0
    series_dropped: int = 0
    checkpoints: int = 0


@dataclass(frozen=True, slots=True)
class ReplayStats:
    """What opening the store found.

    samples: samples read from checkpoint and log. unknown_samples: samples whose series definition was lost with a
    damaged file. repairs: files that were cut or moved aside."""

    samples: int
    unknown_samples: int
    repairs: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TsdbStats:
    """The store's state at one moment; `*_total` only grow while it is open."""

    groups: int
    series: int
    symbols: int
    symbol_bytes: int
    head_bytes: int
    min_time_ms: int | None
    max_time_ms: int | None
    samples_appended_total: int
    samples_refused_total: Mapping[Refusal, int]
    groups_refused_total: int
    series_created_total: int
    series_dropped_total: int
    series_refused_total: Mapping[Refusal, int]
    wal_bytes: int
    wal_segments: int
    wal_fsyncs_total: int
    wal_failures_total: int
    checkpoint_bytes: int
    checkpoints_total: int
    blocks: int
    block_bytes: int
    blocks_quarantined_total: int
    compactions_total: int
    compactions_failed_total: int
    replay: ReplayStats
