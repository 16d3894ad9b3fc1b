"""`capture`: what a block of code records, kept in memory."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from hivesight_sdk.metrics import REGISTRY
from hivesight_sdk.testing.captured_logs import CapturedLog, LogTap
from hivesight_sdk.testing.captured_metrics import MetricsTap
from hivesight_sdk.testing.captured_spans import CapturedSpans, captured

if TYPE_CHECKING:
    from types import TracebackType

    from prometheus_client import CollectorRegistry

_DROPPED: Final = "agent_hive_sdk_dropped_total"


class Capture:
    """A block, from `with` to its end, and what was recorded in it on any thread. It may be read within and after."""

    def __init__(self, log_level: int, registry: CollectorRegistry) -> None:
        self._metrics: Final = MetricsTap(registry)
        self._logs: Final = LogTap(log_level)
        from hivesight_sdk.testing.span_tap import SpanTap  # loads OpenTelemetry

        self._spans: Final = SpanTap()

    @property
    def spans(self) -> CapturedSpans:
        """What began in the block and has ended by now, in the order in which it began."""
        return CapturedSpans([captured(span) for span in self._spans.ended])

    @property
    def spans_under_way(self) -> list[str]:
        """Names of the spans that began in the block and have not ended."""
        return self._spans.under_way

    @property
    def logs(self) -> tuple[CapturedLog, ...]:
        """What was logged in the block, in order."""
        return tuple(self._logs.records)

    @property
    def dropped(self) -> dict[str, int]:
        """How much the SDK dropped in the block, by reason; see `agent_hive_sdk_dropped_total`."""
        start = f'{_DROPPED}{{reason="'
        return {name[len(start) : -2]: int(by) for name, by in self.grown().items() if name.startswith(start)}

    def metric(self, name: str, /, **labels: str) -> float:
        """By how much a counter, or a histogram's `..._count` or `..._sum`, grew in the block; a gauge's value.

        The series with these labels are added up, so that labels may be left out. A series that is not there is 0; an
        unknown name or label is an AssertionError that tells the known ones.
        """
        return self._metrics.growth(name, labels)

    def grown(self) -> dict[str, float]:
        """Each series that grew in the block, as the exposition writes it, and by how much; no buckets, no gauges."""
        return self._metrics.grown()

    def __enter__(self) -> Capture:
        self._spans.open()
        self._logs.open()
        self._metrics.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._metrics.close()
        self._logs.shut()
        self._spans.close()


def capture(*, log_level: int = logging.INFO, registry: CollectorRegistry = REGISTRY) -> Capture:
    """Within the block, tracing is on in memory, the growth of `registry` is measured, and logs are kept.

    It sees the whole process: all threads, and every library whose spans go to OpenTelemetry's global provider. Blocks
    may be nested and may overlap; each sees all that happens while it is open. Whether `configure` is on does not
    matter, and what it ships is shipped as well. Loggers pass on what is at least of `log_level` within the block;
    those that do not propagate to the root logger are not seen. Afterwards provider, levels and handlers are what they
    were; no thread is started.
    """
    return Capture(log_level, registry)
