"""Protobuf exposition to columns."""

import contextlib
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivesight.ingest.exposition import parse
from hivesight.ingest.parsed import ExpositionError, Parsed
from hivesight.ingest.protobuf.families import bound_text, parse_protobuf
from hivesight.ingest.protobuf.framing import PIECE_BYTES, pieces
from hivesight.ingest.protobuf.messages import family_of
from hivesight.ingest.protobuf.native import NativeOptions, max_schema
from hivesight.ingest.series_cache import SeriesCache
from hivesight.model.histogram import Hint, Histogram, Scale
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata
from hivesight.model.series import NAN_BITS, STALE, bits
from ingest.delimited import (
    COUNTER,
    GAUGE,
    GAUGE_HISTOGRAM,
    HISTOGRAM,
    SUMMARY,
    UNTYPED,
    bucket,
    counter,
    delimited,
    double,
    exemplar,
    family,
    gauge,
    histogram,
    integer,
    message,
    metric,
    native,
    summary,
    time,
    untyped,
    varint,
)

NATIVE = NativeOptions(wanted=True)
BOTH = NativeOptions(wanted=True, keep_classic=True)


def rows(cache: SeriesCache, parsed: Parsed) -> dict[str, float]:
    """The floats by series, when all of them are new to the cache."""
    return {
        str(Labels(cache.fresh[index])): value
        for index, value in zip(parsed.ids.tolist(), parsed.values.tolist(), strict=True)
    }


def histograms(cache: SeriesCache, parsed: Parsed) -> dict[str, Histogram]:
    return {
        str(Labels(cache.fresh[index])): batch.cells.histogram(cell)
        for batch in parsed.histograms
        for cell, index in enumerate(batch.ids.tolist())
    }


CLASSIC = family(
    "h", HISTOGRAM, metric(histogram(integer(1, 3), double(2, 4.5), bucket(0.5, 1), bucket(1.0, 2)), a="b")
)
FLOATS = [
    (
        family("c_total", COUNTER, metric(counter(3.0), a="b"), metric(counter(4.0))),
        {'c_total{a="b"}': 3, "c_total": 4},
    ),
    (family("g", GAUGE, metric(gauge(-1.5))), {"g": -1.5}),
    (family("g", GAUGE, metric()), {"g": 0}),
    (family("u", UNTYPED, metric(untyped(1e300))), {"u": 1e300}),
    (family("ü.x", GAUGE, metric(gauge(1), **{"label name": "é"})), {'ü.x{label name="é"}': 1}),
    (family("none", GAUGE), {}),
    (b"", {}),
    (
        family("s", SUMMARY, metric(summary(2, 3.5, {0.5: 1, 1.0: 2}), a="b")),
        {
            's_count{a="b"}': 2,
            's_sum{a="b"}': 3.5,
            's{a="b", quantile="0.5"}': 1,
            's{a="b", quantile="1.0"}': 2,
        },
    ),
    (family("s", SUMMARY, metric(summary(2, 3.5, {}))), {"s_count": 2, "s_sum": 3.5}),
    (
        CLASSIC,
        {
            'h_count{a="b"}': 3,
            'h_sum{a="b"}': 4.5,
            'h_bucket{a="b", le="0.5"}': 1,
            'h_bucket{a="b", le="1.0"}': 2,
            'h_bucket{a="b", le="+Inf"}': 3,
        },
    ),
    (
        family("h", GAUGE_HISTOGRAM, metric(histogram(double(4, 2.5), bucket(1e6, 0.5), bucket(math.inf, 2.5)))),
        {"h_count": 2.5, "h_sum": 0, 'h_bucket{le="1e+06"}': 0.5, 'h_bucket{le="+Inf"}': 2.5},
    ),
]


@pytest.mark.parametrize(("body", "wanted"), FLOATS)
def test_floats(body: bytes, wanted: dict[str, float]) -> None:
    cache = SeriesCache()
    parsed = parse_protobuf(cache, delimited(body))
    assert rows(cache, parsed) == wanted
    # A warm scrape finds the same series.
    again = parse_protobuf(cache, delimited(body))
    assert again.ids.tolist() == parsed.ids.tolist() and len(cache) == len(wanted)


@pytest.mark.parametrize(
    ("bound", "text"),
    [(1, "1.0"), (0, "0.0"), (0.25, "0.25"), (1e21, "1e+21"), (100, "100.0"), (-math.inf, "-Inf"), (math.nan, "NaN")],
)
def test_bounds_are_written_as_prometheus_writes_them(bound: float, text: str) -> None:
    assert bound_text(bound) == text


def test_metadata() -> None:
    cache = SeriesCache()
    parse_protobuf(
        cache,
        delimited(
            family("a_seconds_total", COUNTER, metric(counter(1)), help="Of a.", unit="seconds"),
            family("b", GAUGE_HISTOGRAM, metric(histogram())),
            family("c", UNTYPED, metric(untyped(1))),
        ),
    )
    assert cache.metadata == {
        "a_seconds_total": Metadata("counter", "Of a.", "seconds"),
        "b": Metadata("gaugehistogram"),
        "c": Metadata("unknown"),
    }


def test_timestamps_are_of_every_part_of_a_metric() -> None:
    parsed = parse_protobuf(
        SeriesCache(),
        delimited(
            family("a", GAUGE, metric(gauge(1)), metric(gauge(1), time_ms=-5, x="y")),
            family("s", SUMMARY, metric(summary(1, 1, {}), time_ms=7)),
        ),
    )
    assert parsed.timed.tolist() == [1, 2, 3] and parsed.times_ms.tolist() == [-5, 7, 7]


def test_a_sender_writes_no_staleness_marker() -> None:
    odd = double(1, 0)[:-8] + struct.pack("<Q", int(bits(np.array([STALE]))[0]))
    parsed = parse_protobuf(SeriesCache(), delimited(family("a", GAUGE, metric(message(2, odd)))))
    assert bits(parsed.values).tolist() == [NAN_BITS]


def test_exemplars() -> None:
    cache = SeriesCache()
    body = delimited(
        family("c", COUNTER, metric(counter(1, exemplar(2, 0.5, time(3, 12, 345_000_000), t="1")))),
        family("h", HISTOGRAM, metric(histogram(bucket(2, 1, exemplar(3, 1.5, t="2"))), a="b")),
    )
    parsed = parse_protobuf(cache, body)
    told = {str(Labels(cache.exemplary[int(parsed.ids[at])])): each for at, each in parsed.exemplars}
    assert {name: (str(each.labels), each.value, each.time_ms) for name, each in told.items()} == {
        "c": ('{t="1"}', 0.5, 12_345),
        'h_bucket{a="b", le="2.0"}': ('{t="2"}', 1.5, None),
    }


NATIVES = [
    (
        native(12, 18.4, ([(0, 2), (1, 2)], [1, 2, 1, 1]), ([(0, 2)], [2, 3]), zero=2, threshold=0.001),
        Histogram(Scale(0, 0.001), 12, 18.4, 2, {0: 1, 1: 2, 3: 1, 4: 1}, {0: 2, 1: 3}),
    ),
    (
        native(3.5, 2.0, ([(-3, 2)], [1.25, 2.25]), schema=3),
        Histogram(Scale(3), 3.5, 2.0, 0, {-3: 1.25, -2: 2.25}),
    ),
    (native(0, 0.0, ([(0, 0)], [])), Histogram(Scale(0), 0, 0)),
    (native(2, 1.0, ([(0, 3)], [1, 0, 1])), Histogram(Scale(0), 2, 1.0, 0, {0: 1, 2: 1})),
    (native(1, 0.0, zero=1), Histogram(Scale(0), 1, 0.0, 1)),
]


@pytest.mark.parametrize(("told", "wanted"), NATIVES)
def test_native_histograms(told: bytes, wanted: Histogram) -> None:
    cache = SeriesCache()
    parsed = parse_protobuf(cache, delimited(family("h", HISTOGRAM, metric(told, a="b"))), NATIVE)
    assert histograms(cache, parsed) == {'h{a="b"}': wanted}
    assert len(parsed.ids) == 0 and parsed.scraped == 1


def test_native_histograms_of_all_widths_with_times_and_starts() -> None:
    cache = SeriesCache()
    told = [
        metric(native(n, 1.0, ([(n, n)], [1] * n), ([], []), time(15, n)), time_ms=1000 * n, n=str(n))
        for n in range(1, 40)
    ]
    parsed = parse_protobuf(cache, delimited(family("h", GAUGE_HISTOGRAM, *told)), NATIVE)
    found = histograms(cache, parsed)
    assert found == {
        f'h{{n="{n}"}}': Histogram(Scale(0), n, 1.0, 0, dict.fromkeys(range(n, 2 * n), 1.0), hint=Hint.GAUGE)
        for n in range(1, 40)
    }
    for batch in parsed.histograms:
        widths = [each.width + 3 for each in batch.cells.layouts]
        assert max(widths) < 2 * min(widths)
        counts = batch.cells.count
        assert batch.times_ms.tolist() == (counts * 1000).tolist() == batch.starts_ms.tolist()


def test_a_histogram_that_is_both() -> None:
    told = native(2, 1.0, ([(0, 1)], [2]), ([], []), bucket(1, 2, exemplar(3, 1, time(3, 1), t="1")))
    body = delimited(family("h", HISTOGRAM, metric(told)))
    for options, floats, natives in ((NativeOptions(), 4, 0), (NATIVE, 0, 1), (BOTH, 4, 1)):
        parsed = parse_protobuf(SeriesCache(), body, options)
        assert (len(parsed.ids), parsed.scraped - len(parsed.ids)) == (floats, natives)
        assert len(parsed.histogram_exemplars) == natives


@pytest.mark.parametrize(
    ("factor", "schema"), [(0, 8), (1, 8), (1.002, 8), (1.09, 3), (1.1, 2), (2, 0), (1e9, -4), (math.inf, -4)]
)
def test_a_bucket_factor_is_a_resolution(factor: float, schema: int) -> None:
    assert max_schema(factor) == schema


def test_resolution_is_reduced() -> None:
    body = delimited(family("h", HISTOGRAM, metric(native(9, 1.0, ([(-4, 9)], [1] * 9), schema=2))))

    def read(**options: int) -> Histogram:
        cache = SeriesCache()
        (found,) = histograms(cache, parse_protobuf(cache, body, NativeOptions(True, **options))).values()
        return found

    assert read(bucket_limit=9).scale.schema == 2
    assert read(bucket_limit=8) == Histogram(Scale(1), 9, 1.0, 0, {-2: 1, -1: 2, 0: 2, 1: 2, 2: 2})
    assert read(max_schema=0) == Histogram(Scale(0), 9, 1.0, 0, {-1: 1, 0: 4, 1: 4})
    assert read(bucket_limit=2) == Histogram(Scale(-1), 9, 1.0, 0, {0: 5, 1: 4})


def test_empty_buckets_count_towards_the_limit() -> None:
    """As in Prometheus, where spans hold them."""
    told = native(2, 1.0, ([(0, 5)], [1, 0, 0, 0, 1]), schema=1)
    cache = SeriesCache()
    options = NativeOptions(True, bucket_limit=3)
    parsed = parse_protobuf(cache, delimited(family("h", HISTOGRAM, metric(told))), options)
    assert histograms(cache, parsed) == {"h": Histogram(Scale(0), 2, 1.0, 0, {0: 1, 2: 1})}


def test_what_fits_in_no_resolution_is_told() -> None:
    """Relabelling may drop it: whoever knows that judges."""
    fits, wide = native(1, 1.0, ([(0, 1)], [1])), native(9, 1.0, ([(-4, 9)], [1] * 9), schema=2)
    body = delimited(family("h", HISTOGRAM, metric(fits, a="1"), metric(wide, a="2")))
    cache = SeriesCache()
    parsed = parse_protobuf(cache, body, NativeOptions(True, bucket_limit=1))
    assert list(histograms(cache, parsed)) == ['h{a="1"}']
    ((index, buckets),) = parsed.over_limit
    assert (cache.fresh[index]["a"], buckets, parsed.scraped) == ("2", 2, 2)


LONG = "x" * 300_000
HOSTILE = [
    (b"\x05", "a message of 5 bytes is announced and 0 are left"),
    (b"\xff", "cut off within a number"),
    (b"\xff" * 11, "a number of more than 10 bytes"),
    (varint(1 << 63) + b"abc", "bytes is announced and 3 are left"),
    (b"a 1\n", "is it cut off"),
    (delimited(b"\x0a\x05ab"), "cannot be decoded"),
    (delimited(family("", GAUGE, metric())), "no metric name"),
    (delimited(family("a", 6, metric())), 'metric family 2 \\("a"\\): unknown metric type 6'),
    (delimited(family("a", -1, metric())), "unknown metric type"),
    (delimited(family("b", GAUGE, metric()), family("a", GAUGE, metric(), unit="s")), "family 3 .*unit .* not the end"),
    (delimited(family(LONG, GAUGE, metric())), "the metric name is over"),
    (delimited(family("a", GAUGE, metric(), help=LONG)), "HELP text is over"),
    (delimited(family("a", GAUGE, metric(**{LONG: "x"}))), "a label name is over"),
    (delimited(family("a", GAUGE, metric(x=LONG))), "value of a label over"),
    (delimited(family("a", GAUGE, metric(message(1), x="y"))), "a label name is empty"),
    (delimited(family("a", GAUGE, metric(__name__="y"))), "is not unique"),
    (delimited(family("a", GAUGE, metric(**{f"l{n}": "y" for n in range(600)}))), "more than 512 labels"),
    (delimited(family("a", GAUGE, metric(message(1, b"\x0a\x01\xff")))), "cannot be decoded"),
    (delimited(family("a", HISTOGRAM, metric(histogram(bucket(1, 1)), le="x"))), '"le" is not unique'),
    (delimited(family("a", HISTOGRAM, metric(message(7, message(3) * 20_000)))), "more than 16384 buckets"),
    (delimited(family("a", SUMMARY, metric(message(4, message(3) * 20_000)))), "more than 16384 quantiles"),
    (delimited(family("a", GAUGE, metric(message(9, "x" * PIECE_BYTES)))), "a metric is over"),
    (delimited(message(9, "x" * PIECE_BYTES) + message(4)), "a family without its metrics is over"),
    (delimited(b"\x23" + b"x" * PIECE_BYTES), "unknown wire type 3"),
    (delimited(family("a", GAUGE, *[b""] * 200)), "more than 100 samples"),
    (delimited(family("a", GAUGE, *[b""] * PIECE_BYTES)), "more than 99 metrics"),
    (b"\x00" * 200_001, "more than 200000 metric families"),
    (
        delimited(family("a", COUNTER, metric(counter(1, exemplar(2, 1, time(3, 1 << 61)))))),
        "invalid timestamp",
    ),
]


@pytest.mark.parametrize(("body", "message"), HOSTILE)
def test_hostile_bodies(body: bytes, message: str) -> None:
    cache = SeriesCache()
    with pytest.raises(ExpositionError, match=message):
        parse_protobuf(cache, delimited(family("before", GAUGE, metric())) + body, NATIVE, max_samples=100)
    assert len(cache) == 0 and not cache.fresh


HOSTILE_NATIVES = [
    (native(1, 0.0, ([(0, 1)], [1]), schema=9), "unknown schema 9"),
    (native(1, 0.0, ([(0, 2)], [1])), "positive spans have 2 buckets, and 1 counts"),
    (native(1, 0.0, ([(0, (1 << 32) - 1)], [1])), "spans have 4294967295 buckets"),
    (native(1, 0.0, ([(0, 0), (-1, 1)], [1])), "negative offset -1"),
    (native(1, 0.0, ([(1 << 30, 1)], [1])), "that no number falls into"),
    (native(1, 0.0, ([], []), ([(0, 2)], [2, -1])), "negative bucket whose count is negative"),
    (native(1.0, 0.0, ([(0, 1)], [math.nan])), "no number"),
    (native(3, 0.0, ([(0, 1)], [1])), "1 observations in its buckets and a count of 3"),
    (native(1, math.nan, ([(0, 1)], [2])), "2 observations in its buckets and a count of 1"),
    (native(1, 0.0, ([(0, 1)], [1]), threshold=-1.0), "zero threshold -1"),
    (native(1, 0.0, ([(0, 20_000)], [1] * 20_000)), "more than 16384 positive buckets"),
    (native(0, 0.0, ([(0, 0)] * 20_000, [])), "more than 16384 positive buckets or spans"),
]


@pytest.mark.parametrize(("told", "message"), HOSTILE_NATIVES)
def test_hostile_native_histograms(told: bytes, message: str) -> None:
    with pytest.raises(ExpositionError, match=message):
        parse_protobuf(SeriesCache(), delimited(family("h", HISTOGRAM, metric(told))), NATIVE)


def test_a_count_may_be_above_the_buckets_where_observations_are_no_numbers() -> None:
    body = delimited(family("h", HISTOGRAM, metric(native(3, math.nan, ([(0, 1)], [1])))))
    (batch,) = parse_protobuf(SeriesCache(), body, NATIVE).histograms
    assert bits(np.ascontiguousarray(batch.cells.sum)).tolist() == [NAN_BITS]


def test_a_large_family_is_read_in_pieces() -> None:
    told = [metric(gauge(n), n=str(n), pad="x" * 1000) for n in range(2500)]
    body = b"".join(message(4, each) for each in told[:1200])
    body += message(1, "big") + integer(3, GAUGE) + b"".join(message(4, each) for each in told[1200:])
    assert all(len(each) <= PIECE_BYTES for each in pieces(body, 2500))
    cache = SeriesCache()
    parsed = parse_protobuf(cache, delimited(body, family("after", GAUGE, metric(gauge(-1)))))
    assert parsed.values.tolist() == [*range(2500), -1]
    assert cache.fresh[int(parsed.ids[0])] == {"__name__": "big", "n": "0", "pad": "x" * 1000}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    inside = (family("a", HISTOGRAM, body), message(4, message(7, body)))
    for each in (body, delimited(body), *map(delimited, inside)):
        with contextlib.suppress(ExpositionError):
            parse_protobuf(SeriesCache(), each, BOTH)


def test_text_and_protobuf_share_a_cache_and_no_key() -> None:
    cache = SeriesCache()
    first = parse(cache, b'a{b="c"} 1\n').ids.tolist()
    second = parse_protobuf(cache, delimited(family("a", GAUGE, metric(gauge(1), b="c")))).ids.tolist()
    assert first != second and cache.fresh[first[0]] == cache.fresh[second[0]]


def test_an_unknown_field_is_passed_over() -> None:
    told = family("a", GAUGE, metric(gauge(1), message(99, "new")))
    assert len(parse_protobuf(SeriesCache(), delimited(told + message(77, "new"))).ids) == 1
    assert family_of(told).name == "a"
