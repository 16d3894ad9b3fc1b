"""Exposition text to columns."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from hivesight.ingest.exposition import parse
from hivesight.ingest.parsed import ExpositionError, Parsed
from hivesight.ingest.series_cache import KEPT_SCRAPES, UNRESOLVED, SeriesCache
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata
from hivesight.model.series import NAN_BITS, bits

Row = tuple[dict[str, str], float, int | None]


def rows(cache: SeriesCache, parsed: Parsed) -> list[Row]:
    times = dict(zip(parsed.timed.tolist(), parsed.times_ms.tolist(), strict=True))
    return [
        (cache.fresh[index], value, times.get(position))
        for position, (index, value) in enumerate(zip(parsed.ids.tolist(), parsed.values.tolist(), strict=True))
    ]


def named(name: str, **labels: str) -> dict[str, str]:
    return {"__name__": name, **labels}


TEXT = [
    (b"foo 1\n", [(named("foo"), 1.0, None)]),
    (b"foo 1", [(named("foo"), 1.0, None)]),
    (b"foo:bar_total 1e3\r\n", [(named("foo:bar_total"), 1000.0, None)]),
    (b"foo -Inf\nbar +Inf\n", [(named("foo"), -math.inf, None), (named("bar"), math.inf, None)]),
    (b"foo 1 1234", [(named("foo"), 1.0, 1234)]),
    (b"foo 1 -5\nfoo 2 7\n", [(named("foo"), 1.0, -5), (named("foo"), 2.0, 7)]),
    (b" foo \t 1\t\n\n   \nbar 2", [(named("foo"), 1.0, None), (named("bar"), 2.0, None)]),
    (b"foo{} .5", [(named("foo"), 0.5, None)]),
    (b'foo{a="b"}1', [(named("foo", a="b"), 1.0, None)]),
    (b'foo{a="b",} 1.', [(named("foo", a="b"), 1.0, None)]),
    (b'foo { a = "b" , c = "d" } 1', [(named("foo", a="b", c="d"), 1.0, None)]),
    (b'foo{a="",b="x"} 1', [(named("foo", a="", b="x"), 1.0, None)]),
    (rb'foo{a="x\"y\\z\nw\q"} 1', [(named("foo", a='x"y\\z\nw\\q'), 1.0, None)]),
    (b'foo{a="} 1 # {"} 2', [(named("foo", a="} 1 # {"), 2.0, None)]),
    (b'foo{a="x y"} 2 3', [(named("foo", a="x y"), 2.0, 3)]),
    ('foo{a="grün"} 1'.encode(), [(named("foo", a="grün"), 1.0, None)]),
    (b'{"my.metric"} 1', [(named("my.metric"), 1.0, None)]),
    (b'{"my.metric","l.x"="v",z="y"} 1', [({"__name__": "my.metric", "l.x": "v", "z": "y"}, 1.0, None)]),
    (b"# just a comment\n#\nfoo 1", [(named("foo"), 1.0, None)]),
    (b"# EOF\nfoo 1", [(named("foo"), 1.0, None)]),
    (b"", []),
    (b"\n\n", []),
]


@pytest.mark.parametrize(("body", "wanted"), TEXT)
def test_text(body: bytes, wanted: list[Row]) -> None:
    cache = SeriesCache()
    first = parse(cache, body)
    assert rows(cache, first) == wanted
    # What is warm now says the same.
    assert rows(cache, parse(cache, body)) == wanted


OPENMETRICS = [
    (b"foo 1\n# EOF\n", [(named("foo"), 1.0, None)]),
    (b"foo 1 12.5\n# EOF", [(named("foo"), 1.0, 12500)]),
    (b"# TYPE a stateset\n# UNIT a seconds\na 1\n# EOF\n", [(named("a"), 1.0, None)]),
    (b'foo_bucket{le="1"} 1 # {trace_id="x y"} 0.5 123.5\n# EOF\n', [(named("foo_bucket", le="1"), 1.0, None)]),
    (b'foo_total 1 2 # {a="}"} 0.5\n# EOF\n', [(named("foo_total"), 1.0, 2000)]),
]


@pytest.mark.parametrize(("body", "wanted"), OPENMETRICS)
def test_openmetrics(body: bytes, wanted: list[Row]) -> None:
    cache = SeriesCache()
    assert rows(cache, parse(cache, body, openmetrics=True)) == wanted
    assert rows(cache, parse(cache, body, openmetrics=True)) == wanted


def test_exemplars_are_kept_apart() -> None:
    parsed = parse(SeriesCache(), b'a 0\nb_bucket{le="1"} 1 # {trace_id="x"} 0.5 1.25\n# EOF\n', openmetrics=True)
    ((position, exemplar),) = parsed.exemplars
    assert (position, exemplar.labels, exemplar.value, exemplar.time_ms) == (1, Labels({"trace_id": "x"}), 0.5, 1250)


def test_every_nan_is_the_one_nan() -> None:
    parsed = parse(SeriesCache(), b"a NaN\nb nan\n")
    assert bits(parsed.values).tolist() == [NAN_BITS, NAN_BITS]


FAULTS = [
    (b"foo", "line 1: no value after the series"),
    (b"foo{", "line 1: the labels do not end"),
    (b'a 1\nfoo{a="b', "line 2: the labels do not end"),
    (b'foo{a="b"', "line 1: the labels do not end"),
    (b'foo{a="b"}', "line 1: no value after"),
    (b"foo bar", 'line 1: not a number: "bar"'),
    (b"foo 0x1p4", "line 1: not a number"),
    (b"foo 1_000", "line 1: not a number"),
    (b"a 1\nb 1\nfoo 1_000\nc 2", 'line 3: not a number: "1_000"'),
    (b"foo 1e999", "line 1: value out of range"),
    (b"foo +NaN", "line 1: not a number"),
    (b"foo 1 2 3", "line 1: expected the end of the line"),
    (b"foo 1 2.5", "line 1: expected a timestamp in milliseconds"),
    (b"foo-bar 1", 'line 1: not a metric name: "foo-bar"'),
    (b"1foo 1", "line 1: expected a metric name"),
    (b"<!DOCTYPE html>", "line 1: expected a metric name"),
    (b'foo{1a="b"} 1', "line 1: cannot read the labels"),
    (b'foo{a="b",,} 1', "line 1: cannot read the labels"),
    (b"foo{a=b} 1", "line 1: cannot read the labels"),
    (b'foo{a="1",a="2"} 1', 'line 1: label name "a" is not unique'),
    (b'foo{__name__="b"} 1', "is not unique"),
    (b'{a="b"} 1', "line 1: no metric name"),
    (b"{} 1", "line 1: no metric name"),
    (b'foo{"bar"} 1', "line 1: expected name="),
    (b'foo{a="\xff"} 1', "line 1: invalid UTF-8"),
    (b'foo 1 # {a="b"} 1', "line 1: unexpected text after the value"),
    (b"# TYPE foo thing", "line 1: invalid metric type"),
    (b"a 1\n\n# HELP x y\nb x\n", "line 4: not a number"),
    (b"x" * 9000 + b" 1", "line 1: the metric name is over 8192 bytes"),
    (b'a{x="' + b"y" * 300_000 + b'"} 1', "line 1: the value of label x is over"),
    (b"a{" + b",".join(b'l%d="x"' % n for n in range(600)) + b"} 1", "line 1: more than 512 labels"),
    (b"# HELP a " + b"x" * 2_000_000, "line 1: longer than"),
]


@pytest.mark.parametrize(("body", "message"), FAULTS)
def test_faults_name_the_line(body: bytes, message: str) -> None:
    cache = SeriesCache()
    with pytest.raises(ExpositionError, match=r"^line ") as caught:
        parse(cache, body)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300
    assert len(cache) == 0


OPENMETRICS_FAULTS = [
    (b"foo 1\n", "does not end with # EOF"),
    (b"", "does not end with # EOF"),
    (b"# EOF\nfoo 1\n", "line 2: unexpected text after # EOF"),
    (b"foo 1\n\n# EOF\n", "line 2: OpenMetrics allows no empty line"),
    (b"# nonsense\n# EOF\n", "line 1: a comment must be"),
    (b"foo 1 # nonsense\n# EOF\n", "line 1: cannot read the exemplar"),
    (b"foo 1 NaN\n# EOF\n", "line 1: invalid timestamp"),
]


@pytest.mark.parametrize(("body", "message"), OPENMETRICS_FAULTS)
def test_faults_of_openmetrics(body: bytes, message: str) -> None:
    with pytest.raises(ExpositionError) as caught:
        parse(SeriesCache(), body, openmetrics=True)
    assert message in str(caught.value)


LONG = 200_000
HOSTILE = [
    b"foo{a" + b" " * LONG + b'x="y"} 1',
    b'foo 1 # {a="b"}' + b" " * LONG + b"x y z",
    b'foo 1 # {a="b"} ' + b"x" * LONG + b" y" + b" " * LONG + b"z",
    b"foo{" + b'"' * (LONG + 1) + b" 1",
    b'foo{a="' + b"\\" * (LONG + 1) + b'" 1',
    b'# HELP "' + b'\\"' * LONG,
    b"foo " + b"1 " * LONG,
    b"foo " + b"1" * LONG + b"x",
    b"foo{" + b'a="",' * LONG + b"} 1",
    b'foo{a="b"' + b"," * LONG + b"} 1",
    b"".join(b'foo{"%s%d"="x"} 1\n' % (b"a" * 7900, number) for number in range(100)) + b"x",
]


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_lines_cost_no_more_than_their_length(body: bytes) -> None:
    """With a regular expression that backtracks, one of these takes minutes."""
    for openmetrics in (False, True):
        with pytest.raises(ExpositionError):
            parse(SeriesCache(), body, openmetrics=openmetrics)


def test_a_fault_leaves_what_was_known() -> None:
    cache = SeriesCache()
    ids = parse(cache, b"a 1\nb 2\n").ids.tolist()
    with pytest.raises(ExpositionError):
        parse(cache, b"a 1\nc 1\nd x\n")
    assert len(cache) == 2
    assert parse(cache, b"a 1\nb 2\n").ids.tolist() == ids


def test_too_many_samples_are_refused() -> None:
    body = b"".join(b"a%d 1\n" % n for n in range(11))
    with pytest.raises(ExpositionError, match="more than 10 samples"):
        parse(SeriesCache(), body, max_samples=10)
    assert len(parse(SeriesCache(), body, max_samples=11).ids) == 11


def test_a_body_of_many_chunks() -> None:
    body = b"".join(
        b'metric_with_a_long_name{number="%d",padding="%s"} %d\n' % (n, b"x" * 50, n) for n in range(40_000)
    )
    assert len(body) > 3 << 20
    cache = SeriesCache()
    parsed = parse(cache, body)
    assert parsed.values.tolist() == list(range(40_000))
    assert np.array_equal(parse(cache, body).ids, parsed.ids)
    with pytest.raises(ExpositionError, match="line 40001: not a number"):
        parse(cache, body + b"a b\n")


def test_metadata() -> None:
    cache = SeriesCache()
    parse(
        cache,
        b'# HELP foo_total line\\nbreak \\\\ \\"\n# TYPE foo_total counter\n# TYPE bar untyped\n'
        b'# HELP "my.metric" x\n# HELP empty\n',
    )
    assert cache.metadata == {
        "foo_total": Metadata("counter", 'line\nbreak \\ "', ""),
        "bar": Metadata("unknown", "", ""),
        "my.metric": Metadata("unknown", "x", ""),
        "empty": Metadata(),
    }
    parse(cache, b"# TYPE foo gauge\n# UNIT foo seconds\n# HELP foo y\n# EOF\n", openmetrics=True)
    assert cache.metadata["foo"] == Metadata("gauge", "y", "seconds")


def test_series_that_are_gone_are_forgotten() -> None:
    cache = SeriesCache()
    (old, kept) = parse(cache, b"old 1\nkept 1\n").ids.tolist()
    cache.rows[[old, kept]] = [7, 8]
    for _ in range(2 * KEPT_SCRAPES):
        parse(cache, b"kept 1\n")
    assert len(cache) == 1 and cache.rows[kept] == 8
    # The id is free for another series, which nobody has seen yet.
    again = parse(cache, b"new 1\n").ids.tolist()
    assert again == [old] and cache.rows[old] == UNRESOLVED


def test_churn_does_not_grow_the_cache() -> None:
    cache = SeriesCache()
    for scrape in range(60):
        parse(cache, b"".join(b'a{n="%d"} 1\n' % (scrape * 2000 + n) for n in range(2000)))
    assert len(cache) <= 2000 * (2 * KEPT_SCRAPES + 1)
    assert len(cache.fresh) == len(cache)


names = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,8}", fullmatch=True)
label_names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,5}", fullmatch=True)
texts = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r"), min_size=1, max_size=8)
samples = st.tuples(
    names,
    st.dictionaries(label_names, texts, max_size=3),
    st.floats(),
    st.none() | st.integers(-(2**40), 2**40),
)


def line(name: str, labels: dict[str, str], value: float, time_ms: int | None) -> str:
    escaped = [
        '{}="{}"'.format(key, text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"'))
        for key, text in labels.items()
    ]
    shown = {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, repr(value))
    return f"{name}{{{','.join(escaped)}}} {shown}" + ("" if time_ms is None else f" {time_ms}")


@given(st.lists(samples, max_size=8))
def test_as_prometheus_client_reads_it(given_samples: list[tuple[str, dict[str, str], float, int | None]]) -> None:
    body = "".join(line(*each) + "\n" for each in given_samples)
    wanted = [
        ({"__name__": each.name, **each.labels}, each.value, None if each.timestamp is None else each.timestamp)
        for family in text_string_to_metric_families(body)
        for each in family.samples
    ]
    cache = SeriesCache()
    found = rows(cache, parse(cache, body.encode()))
    assert len(found) == len(wanted)
    for (labels, value, time_ms), (other, other_value, seconds) in zip(found, wanted, strict=True):
        assert labels == other
        assert value == other_value or (math.isnan(value) and math.isnan(other_value))
        assert (time_ms is None) == (seconds is None)
        assert time_ms is None or time_ms == pytest.approx(seconds * 1000, abs=0.5)


@given(st.binary(max_size=60))
def test_rubbish_is_parsed_or_refused(body: bytes) -> None:
    for openmetrics in (False, True):
        cache = SeriesCache()
        try:
            parsed = parse(cache, body, openmetrics=openmetrics)
        except ExpositionError:
            assert len(cache) == 0
        else:
            assert len(parsed.ids) == len(parsed.values)


def test_what_prometheus_client_writes_as_openmetrics() -> None:
    registry = CollectorRegistry()
    counter = Counter("work", "Work\ndone.", ["kind"], registry=registry)
    counter.labels('a"b\\c\nd').inc(3, exemplar={"trace_id": "abc"})
    histogram = Histogram("took", "Took.", unit="seconds", buckets=[0.1, 1.0], registry=registry)
    histogram.observe(0.5, exemplar={"trace_id": "def"})
    cache = SeriesCache()
    found = rows(cache, parse(cache, generate_latest(registry), openmetrics=True))
    values = {(each["__name__"], each.get("le", "")): value for each, value, _ in found}
    assert values[("work_total", "")] == 3.0
    assert values[("took_seconds_bucket", "1.0")] == 1.0
    assert values[("took_seconds_count", "")] == 1.0
    assert cache.metadata["took_seconds"] == Metadata("histogram", "Took.", "seconds")
    assert cache.metadata["work"].help == "Work\ndone."
    assert next(each for each, _, _ in found if each["__name__"] == "work_total")["kind"] == 'a"b\\c\nd'


def test_lines_that_are_no_samples_are_bounded() -> None:
    with pytest.raises(ExpositionError, match="more than 1000000 lines that are no samples"):
        parse(SeriesCache(), b"#\n" * 1_000_001)
