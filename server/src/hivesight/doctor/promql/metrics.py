"""What is known of a metric from its name: the SDK's table, what others ask for, and the field's conventions.

Live metadata, where there is any, wins over conventions.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hivesight_sdk import semconv

BUCKET_SUFFIX: Final = "_bucket"
_PARTS: Final = (BUCKET_SUFFIX, "_sum", "_count")
_COUNTER: Final = re.compile(r".*_total")
_SEEMS_GAUGE: Final = re.compile(r".*_(percent|ratio|info|celsius)")
_GAUGE: Final = re.compile(
    r"up|probe_success|scrape_(duration_seconds|samples_scraped|samples_post_metric_relabeling)|ALERTS"
    r"|node_(load(1|5|15)|memory_\w+_bytes|filesystem_(size|free|avail)_bytes|filesystem_files(_free)?|filefd_allocated)"
    r"|process_((resident|virtual)_memory_bytes|open_fds|max_fds|start_time_seconds)"
    r"|go_(goroutines|threads|memstats_(alloc|heap_\w+|sys|next_gc)_bytes)"
    r"|container_memory_(usage|working_set|rss|cache)(_bytes)?|machine_(cpu_cores|memory_bytes)"
    r"|redis_(up|connected_clients|blocked_clients|memory_(used|max)_bytes)|pg_(up|stat_activity_count)"
    r"|kube_\w+_(replicas|phase|ready|condition|limits|requests|capacity|allocatable)"
)
"""Of Prometheus itself, its client libraries and the exporters that everybody runs."""
_RECORDED: Final = re.compile(r"[a-zA-Z_][\w]*(:[\w]+)+")
_RECORDED_RATE: Final = re.compile(
    r".*:(?:\w*_)?(?:i?rate|increase|ratio|deriv|avg|mean|p\d+|q\d+|quantile|sum)(?:\d+[a-z]+)?"
)


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    """The family's own name: a classic histogram has no such series."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Metrics:
    """kinds: what is known by name for certain. histograms: families that are asked for as classic histograms
    somewhere. recorded: what rules of the set make. levels: those of these that are no counters. bounds: the highest
    finite bucket of a histogram's family. units: of a family's values."""

    kinds: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    histograms: frozenset[str] = frozenset()
    recorded: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    bounds: Mapping[str, float] = field(default_factory=dict[str, float])
    units: Mapping[str, str] = field(default_factory=dict[str, str])

    def kind(self, name: str) -> Kind:
        """What a metric is, as far as its name can tell."""
        if name in self.kinds:
            return self.kinds[name]
        if name in self.histograms:
            return Kind.HISTOGRAM
        if family_of_part(name) in self.histograms:
            return Kind.COUNTER
        if self.is_recorded(name):
            return Kind.UNKNOWN
        if _COUNTER.fullmatch(name) or name.endswith(BUCKET_SUFFIX):
            return Kind.COUNTER
        return Kind.GAUGE if _GAUGE.fullmatch(name) or _SEEMS_GAUGE.fullmatch(name) else Kind.UNKNOWN

    def only_seems(self, name: str) -> bool:
        """Whether nothing but a convention of names says what a metric is."""
        return name not in self.kinds and _GAUGE.fullmatch(name) is None

    def is_recorded(self, name: str) -> bool:
        """Whether a rule makes it: one of the set, or by its name, which is `level:metric:operation` then."""
        return name in self.recorded or has_recorded_name(name)


def family_of_part(name: str) -> str:
    """The histogram's (or summary's) family of a series with `_bucket`, `_sum` or `_count`; "" for other names."""
    return next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), "")


def has_recorded_name(name: str) -> bool:
    """Whether it is named as what a rule makes: `level:metric:operation`."""
    return _RECORDED.fullmatch(name) is not None


def is_recorded_rate(name: str) -> bool:
    """Whether its name says that a rule made it by an operation after which it is no counter."""
    return _RECORDED_RATE.fullmatch(name) is not None


def of_the_hive() -> Metrics:
    """The families of the SDK's table."""
    kinds = {
        **{each.name: Kind(each.kind) for each in semconv.FAMILIES},
        **{each.name + part: Kind.COUNTER for each in semconv.FAMILIES if each.kind == "histogram" for part in _PARTS},
    }
    bounds = {each.name: max(each.buckets) for each in semconv.FAMILIES if each.buckets}
    return Metrics(kinds, bounds=bounds, units={each.name: each.unit for each in semconv.FAMILIES})
