"""What scrapes leave in the store of native histograms and exemplars."""

import pytest

from hivesight.ingest.relabel import RelabelConfig
from hivesight.model.batch import Exemplar
from hivesight.model.histogram import CUSTOM, Hint, Histogram, Scale
from hivesight.model.labels import Labels
from hivesight.sources.fetch import Outcome, ScrapeError
from ingest.delimited import (
    COUNTER,
    GAUGE,
    GAUGE_HISTOGRAM,
    HISTOGRAM,
    bucket,
    counter,
    delimited,
    exemplar,
    family,
    gauge,
    histogram,
    integer,
    metric,
    native,
    time,
)
from sources.recording import STALE, START_MS
from sources.test_series import DOWN, PROTO, Scraped

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
G = family("g", GAUGE, metric(gauge(1.5)))


class Native(Scraped):
    """A target whose native histograms are wanted."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**{"scrape_native_histograms": True, **settings})

    def proto(self, *families: bytes) -> ScrapeError | None:
        return self.scrape(delimited(*families), PROTO)


def told(*counts: int, schema: int = 0, **labels: str) -> bytes:
    return metric(native(sum(counts), 4.0, ([(0, len(counts))], list(counts)), schema=schema), **labels)


def seen(*counts: int, schema: int = 0, hint: Hint = Hint.UNKNOWN) -> Histogram:
    positive = {key: float(count) for key, count in enumerate(counts) if count}
    return Histogram(Scale(schema), sum(counts), 4.0, 0.0, positive, hint=hint)


def test_histograms_and_floats_are_one_append() -> None:
    target = Native()
    assert target.proto(family("h", HISTOGRAM, told(1, 2, a="b"), told(3, a="c")), G) is None
    expected = {'h{a="b"}': seen(1, 2), 'h{a="c"}': seen(3)}
    assert target.samples() == {"g": 1.5, **expected}
    assert target.report() == (1.0, 3.0, 3.0, 3.0)
    assert target.proto(family("h", HISTOGRAM, told(1, 2, a="b"), told(3, a="c")), G) is None
    assert target.report() == (1.0, 3.0, 3.0, 0.0)
    assert target.proto(family("gh", GAUGE_HISTOGRAM, told(5)), G) is None
    assert target.samples() == {"g": 1.5, "gh": seen(5, hint=Hint.GAUGE), 'h{a="b"}': STALE, 'h{a="c"}': STALE}


def test_without_the_key_classic_buckets_are_taken() -> None:
    target = Native(scrape_native_histograms=None)
    both = native(3, 4.0, ([(0, 1)], [3]), ([], []), bucket(1, 3))
    assert target.proto(family("h", HISTOGRAM, metric(both))) is None
    assert target.samples() == {"h_count": 3.0, "h_sum": 4.0, 'h_bucket{le="1.0"}': 3.0, 'h_bucket{le="+Inf"}': 3.0}
    target = Native(always_scrape_classic_histograms=True)
    assert target.proto(family("h", HISTOGRAM, metric(both))) is None
    assert len(target.samples()) == 5 and target.samples()["h"] == seen(3)


def test_a_failed_scrape_ends_them() -> None:
    target = Native()
    target.proto(family("h", HISTOGRAM, told(1)))
    assert target.scrape(DOWN) is DOWN
    assert target.samples() == {"h": STALE} and target.report() == (0.0, 0.0, 0.0, 0.0)
    target.proto(family("h", HISTOGRAM, told(2)))
    assert target.samples() == {"h": seen(2)}
    target.series.end(target.time_ms + 1)
    target.time_ms += 1
    assert target.samples() == {"h": STALE}


def test_labels_are_made_as_those_of_floats() -> None:
    rules = (
        RelabelConfig(action="drop", source_labels=("__name__",), regex="drop_.*"),
        RelabelConfig(action="replace", source_labels=("a",), target_label="z"),
    )
    target = Native(metric_relabel_configs=rules)
    body = [family("h", HISTOGRAM, told(1, a="b", job="own")), family("drop_h", HISTOGRAM, told(1))]
    assert target.proto(*body) is None
    assert target.samples() == {'h{a="b", exported_job="own", z="b"}': seen(1)}
    assert target.report() == (1.0, 2.0, 1.0, 1.0)
    target = Native(honor_labels=True)
    target.proto(body[0])
    assert target.samples() == {'h{a="b", instance="i", job="own"}': seen(1)}


WIDE = told(*[1] * 9, schema=2)
REFUSED = [
    ({"sample_limit": 2}, Outcome.SAMPLE_LIMIT, "3 samples, sample_limit is 2"),
    ({"label_limit": 3}, Outcome.LABEL_LIMIT, "label_limit exceeded (metric: h, number"),
    (
        {"native_histogram_bucket_limit": 1},
        Outcome.BUCKET_LIMIT,
        "1 native histograms have up to 2 buckets in the coarsest resolution, native_histogram_bucket_limit is 1",
    ),
]


@pytest.mark.parametrize(("settings", "outcome", "message"), REFUSED)
def test_limits_leave_nothing(settings: dict[str, object], outcome: Outcome, message: str) -> None:
    target = Native()
    body = [family("h", HISTOGRAM, WIDE, told(1, a="b")), G]
    assert target.proto(*body) is None
    target.series.configure(target.target, target.config(**settings))
    error = target.proto(*body)
    assert error is not None and error.outcome is outcome and message in str(error)
    assert set(target.samples().values()) == {STALE} and len(target.samples()) == 3
    assert target.report()[:2] == (0.0, 3.0)


def test_a_limit_on_buckets_reduces_the_resolution() -> None:
    target = Native(native_histogram_bucket_limit=4)
    target.proto(family("h", HISTOGRAM, WIDE))
    assert target.samples() == {"h": seen(1, 4, 4, schema=0)}
    target = Native(native_histogram_min_bucket_factor=2)
    target.proto(family("h", HISTOGRAM, WIDE))
    assert target.samples() == {"h": seen(1, 4, 4, schema=0)}


def test_a_histogram_that_is_dropped_fails_no_scrape() -> None:
    rules = (RelabelConfig(action="drop", source_labels=("__name__",), regex="h"),)
    target = Native(native_histogram_bucket_limit=1, metric_relabel_configs=rules)
    assert target.proto(family("h", HISTOGRAM, WIDE), G) is None
    assert target.samples() == {"g": 1.5} and target.report() == (1.0, 2.0, 1.0, 1.0)


def test_one_wide_histogram_among_very_many_is_refused() -> None:
    target = Native()
    counts = [1] * 16_000
    many = [metric(native(1, 1.0, ([(0, 1)], [1])), n=str(each)) for each in range(510)]
    wide = metric(native(len(counts), 1.0, ([(0, len(counts))], counts), schema=8))
    error = target.proto(family("h", HISTOGRAM, wide, *many))
    assert error is not None and error.outcome is Outcome.BUCKET_LIMIT
    assert str(error).startswith("511 native histograms with up to 16000 buckets")
    target.series.configure(target.target, target.config(native_histogram_bucket_limit=160))
    assert target.proto(family("h", HISTOGRAM, wide, *many)) is None


def test_timestamps_of_their_own() -> None:
    target = Native(track_timestamps_staleness=True)
    both = native(1, 1.0, ([(0, 1)], [1]))
    body = [family("h", HISTOGRAM, metric(both, time_ms=START_MS + 1000), told(2, a="b")), G]
    assert target.proto(*body) is None
    assert target.samples() == {"g": 1.5, 'h{a="b"}': seen(2)}
    own = target.store.groups[f'{target.target.key}\nh{{instance="i", job="j"}}']
    assert [(at - START_MS, list(values.values())) for at, values in own.samples] == [
        (1000, [Histogram(Scale(0), 1, 1.0, 0.0, {0: 1.0})])
    ]
    target.proto(G)
    assert [list(values.values()) for _, values in own.samples[1:]] == [[STALE]]
    target = Native(honor_timestamps=False)
    target.proto(*body)
    assert len(target.samples()) == 3


def test_a_float_and_a_histogram_of_one_name() -> None:
    target = Native()
    assert target.proto(family("h", HISTOGRAM, told(1)), family("h", GAUGE, metric(gauge(2)))) is None
    assert target.samples() == {"h": 2.0} and target.dropped("duplicate") == 1


CLASSIC = b'# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 3\nh_sum 4\nh_count 3\ng 1\n'


def test_classic_histograms_become_native() -> None:
    target = Scraped(convert_classic_histograms_to_nhcb=True)
    whole = Histogram(Scale(CUSTOM, 0.0, (1.0,)), 3, 4.0, 0.0, {0: 2.0, 1: 1.0})
    for added in (2.0, 0.0):
        assert target.scrape(CLASSIC) is None
        assert target.samples() == {"h": whole, "g": 1.0}
        assert target.report() == (1.0, 2.0, 2.0, added)
    assert target.scrape(b"g 2\n") is None
    assert target.samples() == {"h": STALE, "g": 2.0}
    bad = CLASSIC.replace(b"h_count 3", b"h_count 4")
    assert target.scrape(bad) is None
    assert target.samples() == {"g": 1.0} and target.dropped("malformed_histogram") == 1
    target = Scraped(convert_classic_histograms_to_nhcb=True, always_scrape_classic_histograms=True)
    assert target.scrape(CLASSIC) is None
    assert len(target.samples()) == 6 and target.samples()["h"] == whole
    target = Scraped(convert_classic_histograms_to_nhcb=True, native_histogram_bucket_limit=1)
    error = target.scrape(CLASSIC)
    assert error is not None and error.outcome is Outcome.BUCKET_LIMIT


def test_series_that_the_store_dropped_are_registered_anew() -> None:
    target = Native()
    body = [family("h", HISTOGRAM, told(1)), G]
    target.proto(*body)
    target.store.only().forgotten = len(target.store.only().labels)
    assert target.proto(*body) is None
    assert target.samples() == {"g": 1.5, "h": seen(1)}


def kept(target: Scraped) -> list[tuple[str, str, float, int]]:
    """Series, trace, value and milliseconds since the start of the exemplars that the store was given since the last
    call."""
    found = [
        (str(each.series), each.labels.value("t"), each.value, each.time_ms - START_MS)
        for each in target.store.exemplars
    ]
    target.store.exemplars.clear()
    return found


SECONDS = START_MS // 1000


def test_exemplars_of_protobuf() -> None:
    target = Native(
        metric_relabel_configs=(
            RelabelConfig(action="drop", source_labels=("__name__",), regex="drop_.*"),
            RelabelConfig(action="labeldrop", regex="instance|job"),
        )
    )
    both = [exemplar(16, 2.0, time(3, SECONDS + 5), t="b"), exemplar(16, 1.0, time(3, SECONDS + 5), t="a")]
    timeless = exemplar(16, 3.0, t="c")
    body = [
        family("h", HISTOGRAM, metric(native(1, 4.0, ([(0, 1)], [1]), ([], []), *both, timeless))),
        family("c_total", COUNTER, metric(counter(1.0, exemplar(2, 0.5, t="d")))),
        family("drop_total", COUNTER, metric(counter(1.0, exemplar(2, 0.5, t="e")))),
        family("k", HISTOGRAM, metric(histogram(integer(1, 1), bucket(1.0, 1, exemplar(3, 0.7, t="f"))))),
    ]
    assert target.proto(*body) is None
    assert kept(target) == [
        ("h", "a", 1.0, 5000),
        ("h", "b", 2.0, 5000),
        ("c_total", "d", 0.5, 15_000),
        ('k_bucket{le="1.0"}', "f", 0.7, 15_000),
    ]
    # What a target still exposes is no news, with or without a time.
    target.proto(*body)
    assert kept(target) == []
    body[1] = family("c_total", COUNTER, metric(counter(2.0, exemplar(2, 0.6, t="d"))))
    target.proto(*body)
    assert kept(target) == [("c_total", "d", 0.6, 45_000)]


def test_exemplars_of_text() -> None:
    target = Scraped()
    line = b'c_total{job="x"} 1 # {t="a"} 0.5 %d\nd_total 1 # {t="b"} 1 %d\n# EOF\n' % (SECONDS, SECONDS + 1)
    assert target.scrape(line, OPENMETRICS) is None
    series = 'c_total{exported_job="x", instance="i", job="j"}'
    assert kept(target) == [(series, "a", 0.5, 0), ('d_total{instance="i", job="j"}', "b", 1.0, 1000)]
    target = Scraped(convert_classic_histograms_to_nhcb=True)
    text = b'# TYPE h histogram\nh_bucket{le="+Inf"} 1 # {t="a"} 2 %d\nh_count 1\n# EOF\n' % SECONDS
    assert target.scrape(text, OPENMETRICS) is None
    assert kept(target) == [('h{instance="i", job="j"}', "a", 2.0, 0)]


def test_exemplars_of_a_scrape_that_fails_are_not_taken() -> None:
    target = Scraped(sample_limit=1)
    body = b'c_total 1 # {t="a"} 1\nd_total 1\n# EOF\n'
    assert target.scrape(body, OPENMETRICS) is not None
    assert kept(target) == []
    target.series.configure(target.target, target.config(sample_limit=0))
    assert target.scrape(body, OPENMETRICS) is None
    assert len(kept(target)) == 1


def test_a_store_that_takes_no_exemplars_fails_no_scrape() -> None:
    target = Scraped()
    target.store.exemplars_full = True
    assert target.scrape(b'c_total 1 # {t="a"} 1\n# EOF\n', OPENMETRICS) is None
    assert target.registry.get_sample_value("hivesight_scrape_exemplars_dropped_total") == 1
    assert target.registry.get_sample_value("hivesight_scrape_exemplars_total") == 0


def test_ids_that_name_another_series_later() -> None:
    target = Scraped()
    for turn in range(40):
        target.scrape(b'c_total{n="%d"} 1 # {t="a"} 1\n# EOF\n' % turn, OPENMETRICS)
        ((series, *_),) = kept(target)
        assert f'n="{turn}"' in series


def test_what_the_store_gets_are_exemplars_of_its_own() -> None:
    target = Scraped()
    target.scrape(b'c_total 1 # {t="a"} 1 %d\n# EOF\n' % SECONDS, OPENMETRICS)
    series = Labels({"__name__": "c_total", "job": "j", "instance": "i"})
    assert target.store.exemplars == [Exemplar(series, Labels({"t": "a"}), 1.0, START_MS)]


def test_very_many_exemplars_of_one_series() -> None:
    many = [exemplar(16, float(each), time(3, SECONDS), t=str(each)) for each in range(9000)]
    body = family("h", HISTOGRAM, metric(native(1, 4.0, ([(0, 1)], [1]), ([], []), *many)))
    target = Native()
    assert target.proto(body) is None
    assert len(kept(target)) == 9000
    assert target.proto(body) is None
    assert kept(target) == []
