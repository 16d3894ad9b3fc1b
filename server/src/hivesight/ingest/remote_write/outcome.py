"""What became of a request: what a receiver answers, and what it counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from prometheus_client import CollectorRegistry, Counter

from hivesight.ingest.remote_write.media import Message
from hivesight.model.batch import Verdict

REASONS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.OUT_OF_ORDER: ("out_of_order", "out of order"),
    Verdict.DUPLICATE: ("duplicate", "another value than the one that stands at their time"),
    Verdict.OUT_OF_BOUNDS: ("out_of_bounds", "times that are out of bounds"),
    Verdict.REFUSED: ("series_limit", "series beyond the limit of series (`storage.max_series`)"),
}
"""Why a sample was not stored: as a label of a metric, and in words."""
BAD_LABELS = "bad_labels"
BAD_HISTOGRAM = "bad_histogram"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer. status: of HTTP. text: for whom it went wrong, one line a reason. samples, histograms, exemplars: how
    many were written."""

    status: int
    text: str = ""
    samples: int = 0
    histograms: int = 0
    exemplars: int = 0

    def headers(self, message: Message) -> dict[str, str]:
        """Those that the answer has beside the usual ones. 1.0 senders take the counts for those of 2.0 and complain,
        so they have none (Remote-Write 2.0, "Required Written Response Headers")."""
        found: dict[str, str] = {}
        if message is Message.V2:
            counts = {"Samples": self.samples, "Histograms": self.histograms, "Exemplars": self.exemplars}
            found = {f"X-Prometheus-Remote-Write-{what}-Written": str(count) for what, count in counts.items()}
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            found["Retry-After"] = "5"
        return found


@dataclass(slots=True)
class Refusals:
    """Samples that were not stored, by reason, with an example of each."""

    counts: dict[str, int] = field(default_factory=dict[str, int])
    examples: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, reason: str, count: int, example: str) -> None:
        """Counts samples; the first example of a reason is kept."""
        self.counts[reason] = self.counts.get(reason, 0) + count
        self.examples.setdefault(reason, example)

    def text(self) -> str:
        """One line a reason."""
        return "\n".join(f"{self.counts[reason]} samples refused: {text}" for reason, text in self.examples.items())


class RemoteWriteMetrics:
    """Counters on a registry that is handed in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "hivesight_remote_write_requests",
            "Requests by message and status code.",
            ["message", "code"],
            registry=registry,
        )
        self.samples = Counter(
            "hivesight_remote_write_samples", "Samples that were written, histograms among them.", registry=registry
        )
        self.exemplars = Counter("hivesight_remote_write_exemplars", "Exemplars that were kept.", registry=registry)
        self.dropped = Counter(
            "hivesight_remote_write_samples_dropped",
            "Samples that were sent and not stored: bad_labels, bad_histogram, out_of_order, duplicate, out_of_bounds, "
            "series_limit.",
            ["reason"],
            registry=registry,
        )
        self.refused = Counter(
            "hivesight_remote_write_requests_refused",
            "Requests of which nothing was taken: unsupported_media, malformed, too_large, unavailable.",
            ["reason"],
            registry=registry,
        )

    def stored(self, outcome: Outcome, refusals: Refusals) -> None:
        """Counts what was written and what was not."""
        self.samples.inc(outcome.samples + outcome.histograms)
        self.exemplars.inc(outcome.exemplars)
        for reason, count in refusals.counts.items():
            self.dropped.labels(reason).inc(count)
