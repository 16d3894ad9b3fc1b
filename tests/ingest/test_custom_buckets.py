"""Classic histograms to native ones with custom buckets."""

import math

import pytest

from hivesight.ingest.custom_buckets import CustomBuckets
from hivesight.ingest.exposition import parse
from hivesight.ingest.parsed import Parsed
from hivesight.ingest.protobuf.families import parse_protobuf
from hivesight.ingest.protobuf.native import MAX_BUCKETS, NativeOptions
from hivesight.ingest.series_cache import KEPT_SCRAPES, SeriesCache
from hivesight.model.histogram import CUSTOM, Histogram, Scale
from hivesight.model.labels import Labels
from ingest.delimited import HISTOGRAM, bucket, delimited, double, family, histogram, integer, metric, native

TYPE = b"# TYPE h histogram\n"


class Body:
    """A target's cache, and what its series are called."""

    def __init__(self, **options: object) -> None:
        self.cache = SeriesCache()
        self.convert = CustomBuckets(self.cache, **options)
        self.names: dict[int, str] = {}

    def read(self, body: bytes, *, openmetrics: bool = False) -> Parsed:
        return self.named(parse(self.cache, body, openmetrics=openmetrics, convert=self.convert))

    def named(self, parsed: Parsed) -> Parsed:
        self.names.update((index, str(Labels(labels))) for index, labels in self.cache.fresh.items())
        self.cache.fresh.clear()
        return parsed

    def histograms(self, parsed: Parsed) -> dict[str, Histogram]:
        return {
            self.names[index]: batch.cells.histogram(cell)
            for batch in parsed.histograms
            for cell, index in enumerate(batch.ids.tolist())
        }

    def floats(self, parsed: Parsed) -> dict[str, float]:
        pairs = zip(parsed.ids.tolist(), parsed.values.tolist(), strict=True)
        return {self.names[index]: value for index, value in pairs}


def custom(count: float, total: float, bounds: tuple[float, ...], *held: float) -> Histogram:
    kept = {key: each for key, each in enumerate(held) if each}
    return Histogram(Scale(CUSTOM, 0.0, bounds), count, total, 0.0, kept)


def lines(*told: str) -> bytes:
    return TYPE + "".join(f"{each}\n" for each in told).encode()


SOUND = {
    "whole": (
        ['h_bucket{le="0.5"} 1', 'h_bucket{le="1"} 3', 'h_bucket{le="+Inf"} 7', "h_sum 9.5", "h_count 7"],
        custom(7, 9.5, (0.5, 1.0), 1, 2, 4),
    ),
    "in any order": (
        ["h_count 7", 'h_bucket{le="+Inf"} 7', 'h_bucket{le="1"} 3', "h_sum 9.5", 'h_bucket{le="0.5"} 1'],
        custom(7, 9.5, (0.5, 1.0), 1, 2, 4),
    ),
    "fractions": (['h_bucket{le="-1"} 0.5', "h_count 1.25"], custom(1.25, 0, (-1.0,), 0.5, 0.75)),
    "no count": (['h_bucket{le="1"} 3', 'h_bucket{le="+Inf"} 7'], custom(7, 0, (1.0,), 3, 4)),
    "no last bucket": (['h_bucket{le="1"} 3', "h_count 7"], custom(7, 0, (1.0,), 3, 4)),
    "neither": (['h_bucket{le="1"} 3', 'h_bucket{le="2"} 4'], custom(4, 0, (1.0, 2.0), 3, 1, 0)),
    "no bucket": (["h_sum 2", "h_count 7"], custom(7, 2, (), 7)),
    "sum alone": (["h_sum 2"], custom(0, 2, ())),
    "a bucket twice": (
        ['h_bucket{le="1"} 3', 'h_bucket{le="1.0"} 9', 'h_bucket{le="+Inf"} 7', 'h_bucket{le="Inf"} 8'],
        custom(7, 0, (1.0,), 3, 4),
    ),
    "no observation": (['h_bucket{le="1"} 0', "h_sum NaN", "h_count 0"], None),
}
UNSOUND = {
    "falls": ['h_bucket{le="1"} 3', 'h_bucket{le="2"} 2', "h_count 3"],
    "more than the count": ['h_bucket{le="1"} 3', "h_count 2"],
    "less than the count": ['h_bucket{le="1"} 3', 'h_bucket{le="+Inf"} 7', "h_count 8"],
    "negative": ['h_bucket{le="1"} -1', "h_count 3"],
    "negative count": ["h_count -3"],
    "no number": ['h_bucket{le="1"} NaN', "h_count 3"],
    "infinite": ['h_bucket{le="1"} +Inf', 'h_bucket{le="2"} +Inf', 'h_bucket{le="+Inf"} +Inf'],
    "too many": [*(f'h_bucket{{le="{each}"}} 1' for each in range(MAX_BUCKETS)), "h_count 1"],
}


@pytest.mark.parametrize("case", SOUND)
def test_sound(case: str) -> None:
    told, expected = SOUND[case]
    body = Body()
    for _ in range(2):
        parsed = body.read(lines(*told))
        (found,) = body.histograms(parsed).items()
        assert found[0] == "h" and (math.isnan(found[1].sum) if expected is None else found[1] == expected)
        assert (body.floats(parsed), parsed.scraped, parsed.malformed) == ({}, 1, 0)


@pytest.mark.parametrize("case", UNSOUND)
def test_unsound(case: str) -> None:
    body = Body()
    parsed = body.read(lines(*UNSOUND[case]) + b"other 1\n")
    assert (body.histograms(parsed), body.floats(parsed), parsed.malformed) == ({}, {"other": 1.0}, 1)


def test_other_series_stay() -> None:
    body = Body()
    text = lines('h_bucket{a="x",le="1"} 1', 'h_count{a="x"} 1', 'h_count{a="y"} 2', "other_count 3 5000", "g 4")
    text += (
        b'# TYPE s summary\ns_count 5\ns_sum 6\nh_bucket{le="x"} 7\nh_bucket 8\nh_created 9\nh_bucket{le="-Inf"} 1\n'
    )
    for _ in range(2):
        parsed = body.read(text)
        assert body.histograms(parsed) == {'h{a="x"}': custom(1, 0, (1.0,), 1), 'h{a="y"}': custom(2, 0, (), 2)}
        floats = {"other_count": 3, "g": 4, "s_count": 5, "s_sum": 6, 'h_bucket{le="x"}': 7, "h_bucket": 8}
        assert body.floats(parsed) == floats | {"h_created": 9, 'h_bucket{le="-Inf"}': 1}
        assert (parsed.timed.tolist(), parsed.times_ms.tolist()) == ([0], [5000])


def test_the_classic_ones_may_stay() -> None:
    body = Body(keep_classic=True)
    parsed = body.read(lines('h_bucket{le="1"} 1', "h_count 1"))
    assert body.histograms(parsed) == {"h": custom(1, 0, (1.0,), 1)}
    assert body.floats(parsed) == {'h_bucket{le="1"}': 1, "h_count": 1}


def test_times_and_exemplars_are_those_of_the_parts() -> None:
    body = Body()
    text = lines(
        'h_bucket{a="x",le="1"} 1 5 # {t="1"} 0.5 3',
        'h_bucket{a="x",le="+Inf"} 2 6 # {t="2"} 7',
        'h_bucket{a="y",le="+Inf"} 2',
        'c_total 1 # {t="3"} 1 4',
        "# EOF",
    )
    for _ in range(2):
        parsed = body.read(text, openmetrics=True)
        times = {
            body.names[index]: time_ms
            for batch in parsed.histograms
            for index, time_ms in zip(batch.ids.tolist(), batch.times_ms.tolist(), strict=True)
        }
        assert times == {'h{a="x"}': 6000, 'h{a="y"}': 0}
        ((index, exemplar),) = parsed.histogram_exemplars
        assert (body.names[index], exemplar.labels, exemplar.time_ms) == ('h{a="x"}', Labels({"t": "1"}), 3000)
        assert body.cache.exemplary[index] == {"__name__": "h", "a": "x"}
        assert [(position, each.labels["t"]) for position, each in parsed.exemplars] == [(0, "3")]


def test_custom_buckets_over_the_limit_are_told() -> None:
    """Custom buckets cannot be merged. Those that are empty count only in short gaps, as Prometheus stores them."""
    told = [0, 5, 5, 5, 6, 6, 6, 6, 9, 9]
    text = [f'h_bucket{{le="{bound}"}} {count}' for bound, count in enumerate(told)]
    assert Body(bucket_limit=5).read(lines(*text)).over_limit == ()
    body = Body(bucket_limit=4)
    parsed = body.read(lines(*text))
    ((index, buckets),) = parsed.over_limit
    assert (body.names[index], buckets, parsed.scraped, parsed.histograms) == ("h", 5, 1, ())


def test_of_protobuf_those_without_exponential_buckets_are_converted() -> None:
    classic = histogram(integer(1, 3), double(2, 4.5), bucket(0.5, 1), bucket(1.0, 2))
    both = native(2, 1.0, ([(0, 1)], [2]), ([], []), bucket(1, 2))
    message = delimited(family("h", HISTOGRAM, metric(classic, a="c"), metric(both, a="b")))
    for keep in (False, True):
        body = Body(keep_classic=keep)
        for _ in range(2):
            options = NativeOptions(True, keep)
            parsed = body.named(parse_protobuf(body.cache, message, options, convert=body.convert))
            exponential = Histogram(Scale(0), 2, 1.0, 0.0, {0: 2.0})
            expected = {'h{a="c"}': custom(3, 4.5, (0.5, 1.0), 1, 1, 1), 'h{a="b"}': exponential}
            assert body.histograms(parsed) == expected
            assert len(parsed.ids) == (9 if keep else 0)


def test_what_is_gone_is_forgotten_and_comes_again() -> None:
    body = Body()
    for turn in range(3 * KEPT_SCRAPES):
        parsed = body.read(lines(*(f'h_bucket{{n="{turn}_{each}",le="1"}} 1' for each in range(300)), "h_count 1"))
        assert len(body.histograms(parsed)) == 301
    assert len(body.convert._groups) < 3000  # pyright: ignore[reportPrivateUsage]
    text = lines('h_bucket{n="0_0",le="1"} 1', 'g{n="0_1"} 2')
    for _ in range(2):
        parsed = body.read(text)
        assert list(body.histograms(parsed)) == ['h{n="0_0"}']
        assert body.floats(parsed) == {'g{n="0_1"}': 2.0}
        body.cache.forget(set(parsed.series.tolist()))
