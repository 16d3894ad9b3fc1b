"""Bounds of the metrics store. Everything that comes from outside is measured against them before memory is spent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What the store accepts.

    max_series: series in memory, over all groups.
    max_series_per_target: series in memory of one scrape group.
    max_series_per_metric: series in memory with the same name.
    max_groups: scrape groups.
    max_labels_per_series: labels of one series, its name among them.
    max_label_bytes: UTF-8 bytes of one series' label names and values together.
    max_symbol_bytes: UTF-8 bytes of all distinct label names and values since the start.
    max_head_bytes: bytes of the sample arrays in memory."""

    max_series: int = 1_000_000
    max_series_per_target: int = 200_000
    max_series_per_metric: int = 200_000
    max_groups: int = 100_000
    max_labels_per_series: int = 128
    max_label_bytes: int = 64 << 10
    max_symbol_bytes: int = 512 << 20
    max_head_bytes: int = 8 << 30


@dataclass(frozen=True, slots=True)
class WalOptions:
    """How the write-ahead log is cut and flushed.

    segment_bytes: a segment that would grow past this is closed and the next begun.
    sync_interval_seconds: a record is on the disk itself at most this much after the append returned.
    checkpoint_bytes: `truncate` writes a checkpoint once the log outweighs both this and the last checkpoint.
    unread_bytes: the most of the log that is kept, beyond what the store needs, for readers that have not got so far.
    cache_bytes: the most bytes of decoded tiles of blocks that are kept."""

    segment_bytes: int = 32 << 20
    sync_interval_seconds: float = 1.0
    checkpoint_bytes: int = 64 << 20
    unread_bytes: int = 1 << 30
    cache_bytes: int = 64 << 20
