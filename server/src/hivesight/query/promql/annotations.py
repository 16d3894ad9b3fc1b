"""Warnings and infos that go with an answer, in Prometheus' wording and with the place in the query."""

from typing import Final

from hivesight.query.promql.ast import Expr
from hivesight.query.promql.faults import place
from hivesight.query.promql.literals import format_number, quote

_MOST: Final = 10


class Annotations:
    """Collects what a user should know about an answer; the same thing is said once."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._warnings: dict[str, None] = {}
        self._infos: dict[str, None] = {}

    def warn(self, message: str, node: Expr) -> None:
        self._warnings[f"PromQL warning: {message} ({place(self._query, node.start)})"] = None

    def info(self, message: str, node: Expr) -> None:
        self._infos[f"PromQL info: {message} ({place(self._query, node.start)})"] = None

    def bad_quantile(self, value: float, node: Expr) -> None:
        self.warn(f"quantile value should be between 0 and 1, got {format_number(value)}", node)

    def bad_bucket(self, label: str, metric: str, node: Expr) -> None:
        message = f'bucket label "le" is missing or has a malformed value of {quote(label)}'
        self.warn(message + _for_metric(metric), node)

    def not_monotonic(self, metric: str, node: Expr) -> None:
        message = (
            "input to histogram_quantile needed to be fixed for monotonicity (see"
            " https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
        )
        self.info(message + _for_metric(metric), node)

    def maybe_no_counter(self, metric: str, node: Expr) -> None:
        message = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket:"
        self.info(f"{message} {quote(metric)}", node)

    def mixed_samples(self, metric: str, node: Expr) -> None:
        self.warn(f"encountered a mix of histograms and floats for metric name {quote(metric)}", node)

    def mixed_aggregation(self, node: Expr) -> None:
        self.warn("encountered a mix of histograms and floats for aggregation", node)

    def mixed_kinds(self, metric: str, node: Expr) -> None:
        self.warn(f"vector contains a mix of classic and native histograms{_for_metric(metric)}", node)

    def mixed_schemas(self, metric: str, node: Expr) -> None:
        message = "vector contains a mix of histograms with exponential and custom buckets schemas for metric name"
        self.warn(f"{message} {quote(metric)}", node)

    def histogram_no_counter(self, metric: str, node: Expr) -> None:
        self.warn(f"this native histogram metric is not a counter: {quote(metric)}", node)

    def histogram_no_gauge(self, metric: str, node: Expr) -> None:
        self.warn(f"this native histogram metric is not a gauge: {quote(metric)}", node)

    def conflicting_resets(self, operation: str, node: Expr) -> None:
        self.warn(f"conflicting counter resets during histogram {operation}", node)

    def bounds_reconciled(self, operation: str, node: Expr) -> None:
        self.info(f"mismatched custom buckets were reconciled during {operation}", node)

    def incompatible_layouts(self, op: str, node: Expr) -> None:
        self.warn(f"incompatible bucket layout encountered for binary operator {op}", node)

    def incompatible_types(self, left: str, op: str, right: str, node: Expr) -> None:
        message = "incompatible sample types encountered for binary operator"
        self.info(f"{message} {quote(op)}: {left} {op} {right}", node)

    def ignored_in_aggregation(self, op: str, node: Expr) -> None:
        self.info(f"ignored histogram in {op} aggregation", node)

    def ignored_in_range(self, metric: str, node: Expr) -> None:
        message = "ignored histograms in a range containing both floats and histograms for metric name"
        self.info(f"{message} {quote(metric)}", node)

    def quantile_lost(self, metric: str, node: Expr) -> None:
        message = "input to histogram_quantile has NaN observations, result is NaN"
        self.info(message + _for_metric(metric), node)

    def quantile_skewed(self, metric: str, node: Expr) -> None:
        message = "input to histogram_quantile has NaN observations, result is skewed higher"
        self.info(message + _for_metric(metric), node)

    def fraction_excludes(self, metric: str, node: Expr) -> None:
        message = "input to histogram_fraction has NaN observations, which are excluded from all fractions"
        self.info(message + _for_metric(metric), node)

    def start_overlaps(self, metric: str, node: Expr) -> None:
        message = "sample has start time that overlaps with previous sample timestamp for metric"
        self.warn(f"{message} {quote(metric)}", node)

    def sort_in_range(self, node: Expr) -> None:
        self.warn("sort is ineffective for range queries since results are always ordered by labels", node)

    def warnings(self) -> list[str]:
        return _first(list(self._warnings), "warning")

    def infos(self) -> list[str]:
        return _first(list(self._infos), "info")


def _for_metric(metric: str) -> str:
    return f" for metric name {quote(metric)}" if metric else ""


def _first(messages: list[str], kind: str) -> list[str]:
    rest = len(messages) - _MOST
    return messages if rest <= 0 else [*messages[:_MOST], f"{rest} more {kind} annotations omitted"]
