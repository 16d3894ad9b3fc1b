"""What one target's scrapes leave in the store."""

import re

import pytest
from prometheus_client import CollectorRegistry

from hivesight.ingest.protocol import ScrapeProtocol
from hivesight.ingest.relabel import RelabelConfig
from hivesight.model.errors import StorageError
from hivesight.model.labels import Labels
from hivesight.sources.config import ScrapeConfig
from hivesight.sources.fetch import Fetched, Outcome, ScrapeError
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.series import RETRY_SCRAPES, TargetSeries
from hivesight.sources.target import Target
from ingest.delimited import GAUGE, HISTOGRAM, bucket, delimited, family, gauge, histogram, integer, metric
from sources.recording import STALE, START_MS, Recorder

_OWN = re.compile(r'(, )?instance="i", job="j"((?(1)|(, )?))')
DOWN = ScrapeError(Outcome.CONNECTION, "connection refused")


class Scraped:
    """A target and its store; scrapes come 15 s apart."""

    def __init__(self, **settings: object) -> None:
        self.store = Recorder()
        self.registry = CollectorRegistry()
        self.settings = settings
        labels = Labels({"job": "j", "instance": "i"})
        self.target = Target("j", labels, labels, "http://i/metrics", 15_000, 10_000)
        self.series = TargetSeries(self.target, self.config(), self.store, ScrapeMetrics(self.registry))
        self.time_ms = START_MS

    def config(self, **changes: object) -> ScrapeConfig:
        return ScrapeConfig(**{"job_name": "j", **self.settings, **changes})

    def scrape(self, body: bytes | ScrapeError, content_type: str = "text/plain") -> ScrapeError | None:
        self.time_ms += 15_000
        result = body if isinstance(body, ScrapeError) else Fetched(body, content_type)
        return self.series.store(self.time_ms, result, 0.25)

    def samples(self) -> dict[str, float | str]:
        """The last append without the report, the target's own labels left out."""
        return {name: value for name, value in self._last().items() if not name.startswith(("up", "scrape_"))}

    def report(self) -> tuple[float | str, ...]:
        """up, scraped, after relabelling, added."""
        last = self._last()
        assert last["scrape_duration_seconds"] in (0.25, STALE)
        return tuple(
            last[name]
            for name in ("up", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added")
        )

    def _last(self) -> dict[str, float | str]:
        group = self.store.groups[self.target.key]
        time_ms, samples = group.samples[-1]
        assert time_ms == self.time_ms
        return {_OWN.sub("", name).replace("{}", ""): each for name, each in samples.items()}

    def dropped(self, reason: str) -> float:
        return self.registry.get_sample_value("hivesight_scrape_samples_dropped_total", {"reason": reason}) or 0.0


def test_samples_and_report() -> None:
    target = Scraped()
    assert target.scrape(b'a 1\nb{x="y"} 2\n') is None
    assert target.samples() == {"a": 1.0, 'b{x="y"}': 2.0}
    assert target.report() == (1.0, 2.0, 2.0, 2.0)
    assert target.scrape(b'a 3\nb{x="y"} 4\n') is None
    assert target.samples() == {"a": 3.0, 'b{x="y"}': 4.0}
    assert target.report() == (1.0, 2.0, 2.0, 0.0)
    assert str(target.store.only().labels[0]) == 'a{instance="i", job="j"}'


def test_a_series_that_is_missing_is_stale_once() -> None:
    target = Scraped()
    target.scrape(b"a 1\nb 1\n")
    target.scrape(b"a 2\n")
    assert target.samples() == {"a": 2.0, "b": STALE}
    target.scrape(b"a 3\n")
    assert target.samples() == {"a": 3.0}
    target.scrape(b"b 4\n")
    assert target.samples() == {"a": STALE, "b": 4.0}


def test_a_failed_scrape_ends_the_series_and_says_down() -> None:
    target = Scraped()
    target.scrape(b"a 1\n")
    assert target.scrape(DOWN) is DOWN
    assert target.samples() == {"a": STALE} and target.report() == (0.0, 0.0, 0.0, 0.0)
    target.scrape(DOWN)
    assert target.samples() == {} and target.report() == (0.0, 0.0, 0.0, 0.0)
    target.scrape(b"a 2\n")
    assert target.samples() == {"a": 2.0} and target.report() == (1.0, 1.0, 1.0, 0.0)


def test_a_target_that_is_gone_ends_with_its_report() -> None:
    target = Scraped()
    target.scrape(b"a 1\n")
    # Even at a time that the clock has passed before.
    target.series.end(START_MS)
    target.time_ms += 1
    assert target.samples() == {"a": STALE} and target.report() == (STALE,) * 4
    target.series.end(target.time_ms + 1)
    assert len(target.store.only().samples) == 2


REFUSED = [
    (b'foo{a="b', "text/plain", {}, Outcome.SYNTAX, "line 1: the labels do not end"),
    (
        b"<!DOCTYPE html><html><title>Welcome\nto nginx!</title>",
        "text/html",
        {},
        Outcome.CONTENT_TYPE,
        "body is HTML, not metrics: 'Welcome to nginx!' (received unsupported Content-Type",
    ),
    (b"<html>hello", "text/plain", {}, Outcome.SYNTAX, "body is HTML, not metrics: '<html>hello' (line 1"),
    (b"a 1\n", "", {}, Outcome.CONTENT_TYPE, "sending blank Content-Type"),
    (b"a 1\nb 1\nc 1\n", "text/plain", {"sample_limit": 2}, Outcome.SAMPLE_LIMIT, "3 samples, sample_limit is 2"),
    (b'a{x="1"} 1\n', "text/plain", {"label_limit": 3}, Outcome.LABEL_LIMIT, "label_limit exceeded (metric: a, number"),
    (
        b'a{long_name="1"} 1\n',
        "text/plain",
        {"label_name_length_limit": 8},
        Outcome.LABEL_LIMIT,
        "label_name_length_limit exceeded (metric: a, label name: long_name, length: 9, limit: 8)",
    ),
    (
        'a{x="grün"} 1\n'.encode(),
        "text/plain",
        {"label_value_length_limit": 4},
        Outcome.LABEL_LIMIT,
        "label_value_length_limit exceeded (metric: a, label name: x, length: 5, limit: 4)",
    ),
    (
        b'{"my.metric"} 1\n',
        "text/plain",
        {"metric_name_validation_scheme": "legacy"},
        Outcome.SYNTAX,
        "invalid metric name 'my.metric'",
    ),
    (
        b"a 1\n",
        "text/plain",
        {"metric_relabel_configs": (RelabelConfig(action="labeldrop", regex="__name__"),)},
        Outcome.SYNTAX,
        "no metric name is left",
    ),
    (b"a 1\n", "application/openmetrics-text; version=1.0.0", {}, Outcome.SYNTAX, "does not end with # EOF"),
]


@pytest.mark.parametrize(("body", "content_type", "settings", "outcome", "message"), REFUSED)
def test_a_bad_body_fails_the_scrape(
    body: bytes, content_type: str, settings: dict[str, object], outcome: Outcome, message: str
) -> None:
    target = Scraped(**settings)
    error = target.scrape(body, content_type)
    assert error is not None and error.outcome is outcome
    assert message in str(error)
    assert target.samples() == {} and target.report()[0] == 0.0
    # Nothing of it was registered.
    assert len(target.store.only().labels) == 5
    # And it fails in the same way again.
    assert str(target.scrape(body, content_type)) == str(error)


def test_a_bad_body_ends_the_series() -> None:
    target = Scraped()
    target.scrape(b"a 1\nb 1\n")
    assert target.scrape(b"a 1\nb x\n") is not None
    assert target.samples() == {"a": STALE, "b": STALE}
    # The samples before the fault count as scraped, as in Prometheus.
    assert target.report() == (0.0, 1.0, 1.0, 0.0)
    target.scrape(b"a 1\nb 1\n")
    assert target.samples() == {"a": 1.0, "b": 1.0}


def test_the_fallback_protocol() -> None:
    target = Scraped(fallback_scrape_protocol=ScrapeProtocol.TEXT_0_0_4)
    assert target.scrape(b"a 1\n", "") is None
    assert target.scrape(b"a 1\n", "text/html") is None


CONFLICTS = [
    (False, b'a{job="x",y="z"} 1\n', 'a{exported_job="x", instance="i", job="j", y="z"}'),
    (
        False,
        b'a{job="x",exported_job="y"} 1\n',
        'a{exported_exported_job="x", exported_job="y", instance="i", job="j"}',
    ),
    (False, b'a{job=""} 1\n', 'a{instance="i", job="j"}'),
    (True, b'a{job="x",y="z"} 1\n', 'a{instance="i", job="x", y="z"}'),
    (True, b'a{instance=""} 1\n', 'a{job="j"}'),
]


@pytest.mark.parametrize(("honor", "body", "series"), CONFLICTS)
def test_labels_that_conflict(honor: bool, body: bytes, series: str) -> None:
    target = Scraped(honor_labels=honor)
    assert target.scrape(body) is None
    assert str(target.store.only().labels[0]) == series


def test_metric_relabelling() -> None:
    rules = (
        RelabelConfig(action="drop", source_labels=("__name__",), regex="go_.*"),
        RelabelConfig(source_labels=("__name__",), regex="old_(.*)", target_label="__name__"),
    )
    target = Scraped(metric_relabel_configs=rules)
    for added in (2.0, 0.0):
        assert target.scrape(b"go_gc 1\nold_a 2\nb 3\n") is None
        assert target.samples() == {"a": 2.0, "b": 3.0}
        assert target.report() == (1.0, 3.0, 2.0, added)


def test_dropped_samples_do_not_count_against_the_limit() -> None:
    rules = (RelabelConfig(action="drop", source_labels=("__name__",), regex="go_.*"),)
    target = Scraped(metric_relabel_configs=rules, sample_limit=1)
    assert target.scrape(b"go_gc 1\ngo_x 1\na 2\n") is None
    assert target.scrape(b"go_gc 1\ngo_x 1\na 2\nb 3\n") is not None


def test_of_duplicates_the_first_counts() -> None:
    target = Scraped()
    assert target.scrape(b'a{x="1",y="2"} 1\na{y="2",x="1"} 2\nb 3\nb 4\n') is None
    assert target.samples() == {'a{x="1", y="2"}': 1.0, "b": 3.0}
    assert target.dropped("duplicate") == 2


def test_a_target_that_exposes_up_does_not_hide_ours() -> None:
    target = Scraped()
    assert target.scrape(b"up 0\na 1\n") is None
    assert target.report()[0] == 1.0 and target.samples() == {"a": 1.0}
    target.scrape(b"up 0\n")
    assert target.report()[0] == 1.0 and target.samples() == {"a": STALE}


def test_extra_scrape_metrics() -> None:
    target = Scraped(extra_scrape_metrics=True, sample_limit=100)
    target.scrape(b"a 1\n")
    last = target._last()
    assert last["scrape_timeout_seconds"] == 10.0
    assert (last["scrape_sample_limit"], last["scrape_body_size_bytes"]) == (100.0, 4.0)
    target.scrape(ScrapeError(Outcome.BODY_SIZE, "too large"))
    assert target._last()["scrape_body_size_bytes"] == -1.0


def test_a_full_disk_passes() -> None:
    target = Scraped()
    target.scrape(b"a 1\n")
    target.store.full = True
    with pytest.raises(StorageError, match="no space left"):
        target.scrape(b"a 2\nb 2\n")
    with pytest.raises(StorageError, match="no space left"):
        target.scrape(DOWN)
    target.store.full = False
    assert target.scrape(b"b 3\n") is None
    assert target.samples() == {"a": STALE, "b": 3.0}


def test_series_that_the_store_refuses() -> None:
    target = Scraped()
    target.store.max_series = 7
    assert target.scrape(b"a 1\nb 2\n") is None
    target.series.configure(target.target, target.config())
    assert target.scrape(b"a 1\nb 2\nc 3\nd 4\n") is None
    assert target.samples() == {"a": 1.0, "b": 2.0}
    assert target.report() == (1.0, 4.0, 4.0, 4.0)
    assert target.dropped("series_limit") == 2


def test_refused_series_are_asked_for_again() -> None:
    target = Scraped()
    target.store.max_series = 3
    target.scrape(b"a 1\nb 2\n")
    assert set(target._last()) == {"a", "b", "up"}
    target.store.max_series = 1000
    target.scrape(b"a 1\nb 2\nc 3\n")
    assert target.report()[0] == 1.0 and target.samples() == {"a": 1.0, "b": 2.0, "c": 3.0}
    target.store.max_series = 9
    target.scrape(b"a 1\nb 2\nc 3\nd 4\ne 5\n")
    target.store.max_series = 1000
    for _ in range(RETRY_SCRAPES):
        target.scrape(b"a 1\nb 2\nc 3\nd 4\ne 5\n")
    assert target.samples() == {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0, "e": 5.0}


def test_rows_that_the_store_has_dropped() -> None:
    target = Scraped()
    target.scrape(b"a 1\n")
    group = target.store.only()
    group.forgotten = len(group.labels)
    assert target.scrape(b"a 2\n") is None
    assert target.samples() == {"a": 2.0} and target.report()[0] == 1.0


def test_other_settings_end_what_they_no_longer_give() -> None:
    target = Scraped()
    target.scrape(b"a 1\nb 1\n")
    drop = (RelabelConfig(action="drop", source_labels=("__name__",), regex="b"),)
    target.series.configure(target.target, target.config(metric_relabel_configs=drop))
    target.scrape(b"a 2\nb 2\n")
    assert target.samples() == {"a": 2.0, "b": STALE}


def timed(target: Scraped, series: str = "a") -> list[tuple[int, float | str]]:
    """The samples of a series with timestamps of its own: time since the first scrape in ms, value."""
    (group,) = [each for key, each in target.store.groups.items() if f"\n{series}{{" in key]
    return [(time_ms - START_MS, value) for time_ms, samples in group.samples for value in samples.values()]


def test_timestamps_are_honoured() -> None:
    target = Scraped()
    assert target.scrape(b"a 1 %d\nb 5\n" % (START_MS + 1000)) is None
    # The same again, then an older and a newer one.
    target.scrape(b"a 1 %d\nb 5\n" % (START_MS + 1000))
    target.scrape(b"a 9 %d\na 2 %d\n" % (START_MS + 500, START_MS + 2000))
    assert timed(target) == [(1000, 1.0), (2000, 2.0)]
    assert target.dropped("out_of_order") == 1
    assert target.report() == (1.0, 2.0, 2.0, 0.0)
    # A series with timestamps of its own is not stale because it is missing.
    target.scrape(DOWN)
    target.series.end(target.time_ms + 1)
    assert timed(target) == [(1000, 1.0), (2000, 2.0)]


def test_timestamps_too_far_ahead() -> None:
    target = Scraped()
    assert target.scrape(b"a 1 %d\n" % (START_MS + 1_000_000)) is None
    assert target.dropped("out_of_bounds") == 1


def test_timestamps_are_ignored_on_request() -> None:
    target = Scraped(honor_timestamps=False)
    assert target.scrape(b"a 1 1000\n") is None
    assert target.samples() == {"a": 1.0} and len(target.store.groups) == 1


def test_staleness_of_timestamped_series_is_tracked_on_request() -> None:
    target = Scraped(track_timestamps_staleness=True)
    target.scrape(b"a 1 %d\n" % (START_MS + 1000))
    target.scrape(b"b 1\n")
    assert timed(target) == [(1000, 1.0), (30_000, STALE)]
    target.scrape(b"a 2 %d\n" % (START_MS + 40_000))
    target.scrape(DOWN)
    target.scrape(DOWN)
    assert timed(target)[2:] == [(40_000, 2.0), (60_000, STALE)]


def test_a_series_that_gets_timestamps_later() -> None:
    target = Scraped()
    target.scrape(b"a 1\n")
    target.scrape(b"a 2 %d\n" % (START_MS + 20_000))
    assert target.samples() == {"a": 2.0}
    target.scrape(b"a 3 %d\n" % (START_MS + 40_000))
    assert target.samples() == {"a": STALE}
    assert timed(target) == [(40_000, 3.0)]
    target.scrape(b"a 4\n")
    assert timed(target)[1:] == [(60_000, 4.0)]


def test_more_timestamped_series_than_the_store_takes() -> None:
    target = Scraped()
    target.store.max_groups = 2
    assert target.scrape(b"a 1 %d\nb 1 %d\nc 1\n" % (START_MS + 1000, START_MS + 1000)) is None
    assert target.dropped("series_limit") == 1 and target.samples() == {"c": 1.0}


def test_metadata() -> None:
    target = Scraped()
    target.scrape(b"# TYPE a counter\n# HELP a Help.\na 1\n")
    (found,) = target.series.metadata().items()
    assert (found[0], found[1].type, found[1].help) == ("a", "counter", "Help.")


PROTO = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


def test_protobuf_leaves_what_text_leaves() -> None:
    target = Scraped(sample_limit=6, honor_labels=True)
    classic = family("h", HISTOGRAM, metric(histogram(integer(1, 2), bucket(1, 1)), a="b"))
    assert target.scrape(delimited(family("g", GAUGE, metric(gauge(1.5), job="own")), classic), PROTO) is None
    assert target.samples() == {
        'g{instance="i", job="own"}': 1.5,
        'h_count{a="b"}': 2.0,
        'h_sum{a="b"}': 0.0,
        'h_bucket{a="b", le="1.0"}': 1.0,
        'h_bucket{a="b", le="+Inf"}': 2.0,
    }
    assert target.scrape(delimited(family("g", GAUGE, metric(gauge(2.5)))), PROTO) is None
    assert target.samples()["g"] == 2.5 and target.samples()['h_count{a="b"}'] == STALE
    error = target.scrape(delimited(classic) + b"\x05", PROTO)
    assert error is not None and error.outcome is Outcome.SYNTAX and "is it cut off?" in str(error)
    error = target.scrape(delimited(classic, family("h2", HISTOGRAM, metric(histogram()))) * 2, PROTO)
    assert error is not None and error.outcome is Outcome.SAMPLE_LIMIT
