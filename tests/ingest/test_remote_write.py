"""Remote write into a store in memory: what both versions carry, what is refused, and what hostile bytes do."""

import math
import random
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from hivesight.ingest.remote_write import Encoding, Message, Outcome, Receiver, RefusedRequest, encoding_of, message_of
from hivesight.ingest.remote_write.known import NEW, Known, Symbols
from hivesight.ingest.remote_write.wire import BYTES, PADDING, Buffer
from hivesight.model.histogram import CUSTOM, Hint, Histogram, Scale
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata
from hivesight.model.series import is_stale
from ingest.push_store import MemoryStore
from ingest.remote_write_bytes import (
    STALE,
    Request2,
    blob,
    double,
    histogram,
    label,
    request1,
    sample,
    series1,
    snappy,
    spans,
    varint,
    whole,
    zstd,
)

T = 1_700_000_000_000
UP = {"__name__": "up", "job": "a"}


class World:
    """A receiver, its store and its counters."""

    def __init__(self, most_series: int = 1_000_000) -> None:
        self.registry = CollectorRegistry()
        self.store = MemoryStore(most_series)
        self.receiver = Receiver(self.store, self.registry)

    def v1(self, raw: bytes) -> Outcome:
        return self.receiver.receive(snappy(raw), Message.V1, Encoding.SNAPPY)

    def v2(self, request: Request2) -> Outcome:
        return self.receiver.receive(zstd(request.encoded()), Message.V2, Encoding.ZSTD)

    def values(self, labels: dict[str, str]) -> list[tuple[int, float | Histogram]]:
        return [(time_ms, value) for time_ms, value, _ in self.store.samples.get(Labels(labels), [])]

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"hivesight_remote_write_{name}_total", labels) or 0.0


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(params=["1.0", "2.0"])
def send(request, world):
    """Sends series to the world, as (labels, samples, histograms, exemplars), in either version."""

    def one(*series) -> Outcome:
        if request.param == "1.0":
            return world.v1(request1([series1(*each) for each in series]))
        made = Request2()
        for each in series:
            made.add(*each)
        return world.v2(made)

    return one


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        ("", Message.V1),
        ("application/x-protobuf", Message.V1),
        (" application/x-protobuf ", Message.V1),
        ("application/x-protobuf;proto=prometheus.WriteRequest", Message.V1),
        ("application/x-protobuf;proto=io.prometheus.write.v2.Request", Message.V2),
        ("application/x-protobuf;charset=x;proto=io.prometheus.write.v2.Request", Message.V2),
        ("application/x-protobuf;proto=io.prometheus.write.v3.Request", None),
        ("application/x-protobuf;proto", None),
        ("application/x-protobuf;a=b=c", None),
        ("application/json", None),
        ("text/plain;proto=prometheus.WriteRequest", None),
    ],
)
def test_content_types(content_type, message) -> None:
    if message is None:
        with pytest.raises(RefusedRequest) as caught:
            message_of(content_type)
        assert caught.value.status == 415
    else:
        assert message_of(content_type) is message


def test_content_encodings() -> None:
    assert [encoding_of(each) for each in ("", "snappy", "Snappy", "zstd")] == [Encoding.SNAPPY] * 3 + [Encoding.ZSTD]
    for each in ("gzip", "identity", "snappy, zstd"):
        with pytest.raises(RefusedRequest, match="snappy or zstd"):
            encoding_of(each)


def test_samples_of_all_lengths(send, world) -> None:
    values = [0.0, 1.5, -1.0, math.inf, 1e300]
    series = [({**UP, "n": str(n)}, [sample(T + n, value)]) for n, value in enumerate(values)]
    series.append(({**UP, "n": "many"}, [sample(t, t * 0.5) for t in (-1, 0, 1, 127, 128, T, T + 1)]))
    series.append(({**UP, "n": "none"}, []))
    for _ in range(2):
        assert send(*series) == Outcome(204, samples=12)
    assert [world.values({**UP, "n": str(n)}) for n in range(5)] == [[(T + n, v)] for n, v in enumerate(values)]
    assert world.values({**UP, "n": "many"}) == [(t, t * 0.5) for t in (-1, 0, 1, 127, 128, T, T + 1)]
    assert world.store.registered == 7


def test_thousands_of_series_are_looked_at_once(send, world) -> None:
    for turn in range(3):
        rows = list(range(3000))
        random.Random(turn).shuffle(rows)
        series = [({**UP, "n": str(n)}, [sample(T + turn, float((n + turn) % 3))]) for n in rows]
        assert send(*series) == Outcome(204, samples=3000)
    assert world.store.registered == 3000
    for n in (0, 1, 2999):
        assert world.values({**UP, "n": str(n)}) == [(T + turn, float((n + turn) % 3)) for turn in range(3)]


def test_many_senders_at_once(world) -> None:
    def push(sender: int) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for turn in range(10):
            request = Request2()
            for n in range(60):
                request.add({**UP, "n": str(n), "sender": str(sender)}, [sample(T + turn, float(n))])
            outcomes.append(world.v2(request))
        return outcomes

    with ThreadPoolExecutor(4) as pool:
        outcomes = [each for found in pool.map(push, range(8)) for each in found]
    assert set(outcomes) == {Outcome(204, samples=60)}
    assert len(world.store.samples) == 480
    assert world.values({**UP, "n": "7", "sender": "3"}) == [(T + turn, 7.0) for turn in range(10)]


def test_long_runs_of_samples(send, world) -> None:
    many = [sample(T + n, float(n)) for n in range(5000)]
    assert send((UP, many), ({**UP, "b": "c"}, many[:10])) == Outcome(204, samples=5010)
    assert world.values(UP) == [(T + n, float(n)) for n in range(5000)]


def test_labels_are_sorted_and_empty_ones_dropped(send, world) -> None:
    assert send(({"z": "1", "b": "", "__name__": "up"}, [sample(T, 1.0)])).status == 204
    assert world.values({"__name__": "up", "z": "1"}) == [(T, 1.0)]


def test_a_staleness_marker_keeps_its_bits(send, world) -> None:
    send((UP, [sample(T, STALE)]))
    assert is_stale(np.array([world.values(UP)[0][1]])).all()


def test_fields_in_any_order_and_unknown_ones(world) -> None:
    own = [blob(1, label(*each)) for each in UP.items()]
    unknown = blob(9, b"xyz") + whole(10, 7) + double(11, 2.0) + varint(12 << 3 | 5) + b"1234"
    mixed = own[1] + blob(2, whole(2, T) + double(1, 3.0)) + unknown + own[0] + blob(2, sample(T + 1, 4.0))
    for _ in range(2):
        assert world.v1(unknown + blob(1, mixed)).samples == 2
    assert world.values(UP) == [(T, 3.0), (T + 1, 4.0)]


def test_unpacked_references(world) -> None:
    request = Request2()
    numbers = [request.symbol(text) for pair in UP.items() for text in pair]
    request.series.append(b"".join(varint(1 << 3) + varint(each) for each in numbers) + blob(2, sample(T, 1.0)))
    request.series.append(
        blob(1, b"".join(map(varint, numbers[:2])))
        + blob(2, sample(T, 2.0))
        + blob(1, b"".join(map(varint, numbers[2:])))
    )
    outcome = world.v2(request)
    assert (outcome.status, outcome.samples) == (400, 1)
    assert "another value" in outcome.text


@pytest.mark.parametrize(
    ("series", "text"),
    [
        (b"".join(blob(1, label("a", each)) for each in "xy") + blob(1, label("__name__", "up")), "there twice"),
        (blob(1, label("a", "x")), "is empty"),
        (blob(1, label("__name__", "")), "is empty"),
        (blob(1, label("__name__", "up")) + blob(1, label("", "x")), "is empty"),
        (blob(1, label("__name__", "up")) + blob(1, label("a", b"\xff\xfe")), "not UTF-8"),
        (
            blob(1, label("__name__", "up")) + b"".join(blob(1, label(f"l{n}", "x")) for n in range(256)),
            "more than 256",
        ),
        (blob(1, label("__name__", "x" * 70_000)), "65536 bytes"),
    ],
)
def test_bad_labels_cost_only_their_series(world, series, text) -> None:
    good = series1(UP, [sample(T, 1.0)])
    bad = series + blob(2, sample(T, 1.0)) + blob(2, sample(T + 1, 1.0))
    for _ in range(2):
        outcome = world.v1(request1([bad, good]))
        assert (outcome.status, outcome.samples) == (400, 1)
        assert outcome.text.startswith("2 samples refused: ")
        assert text in outcome.text
    assert world.values(UP) == [(T, 1.0)]
    assert world.counted("samples_dropped", reason="bad_labels") == 4


@pytest.mark.parametrize(
    ("references", "text"),
    [
        ([1], "a name without a value"),
        ([1, 2, 3], "a name without"),
        ([1, 99], "symbol 99 of"),
        ([1, 1 << 31], "symbol"),
    ],
)
def test_bad_references_cost_only_their_series(world, references, text) -> None:
    request = Request2().add(UP, [sample(T, 1.0)])
    request.series.append(blob(1, b"".join(map(varint, references))) + blob(2, sample(T, 1.0)))
    outcome = world.v2(request)
    assert (outcome.status, outcome.samples) == (400, 1)
    assert text in outcome.text


def test_what_the_store_refuses_is_told_and_the_rest_is_written(send, world) -> None:
    send((UP, [sample(T, 1.0)]), ({**UP, "b": "c"}, [sample(T, 1.0)]))
    world.store.most_series = 2
    outcome = send(
        (UP, [sample(T - 1, 1.0), sample(T, 9.0), sample(T + 1, 2.0)]),
        ({**UP, "b": "c"}, [sample(1 << 61, 1.0)]),
        ({**UP, "new": "x"}, [sample(T, 1.0), sample(T + 1, 1.0)]),
    )
    assert (outcome.status, outcome.samples) == (400, 1)
    lines = outcome.text.splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "1 samples refused: out of order",
        "1 samples refused: another value than the one that stands at their time",
        "1 samples refused: times that are out of bounds",
        "2 samples refused: series beyond the limit of series (`storage.max_series`)",
    ]
    assert 'up{job="a", new="x"}' in lines[3]
    reasons = ("out_of_order", "duplicate", "out_of_bounds", "series_limit")
    assert [world.counted("samples_dropped", reason=each) for each in reasons] == [1, 1, 1, 2]
    world.store.most_series = 3
    assert send(({**UP, "new": "x"}, [sample(T, 1.0)])) == Outcome(204, samples=1)


def test_a_store_that_takes_nothing(send, world) -> None:
    world.store.broken = True
    outcome = send((UP, [sample(T, 1.0)]))
    assert (outcome.status, outcome.text, outcome.samples) == (503, "the disk is full", 0)
    assert outcome.headers(Message.V2)["Retry-After"]
    world.store.broken = False
    assert send((UP, [sample(T, 1.0)])) == Outcome(204, samples=1)
    assert world.counted("requests_refused", reason="unavailable") == 1


def test_series_that_retention_dropped_are_registered_again(send, world) -> None:
    other = {**UP, "b": "c"}
    send((UP, [sample(T, 1.0)]), (other, [sample(T, 1.0)]))
    world.store.forget(Labels(UP))
    for turn in (1, 2):
        assert send((other, [sample(T + turn, 2.0)]), (UP, [sample(T + turn, 3.0)])) == Outcome(204, samples=2)
    assert world.values(UP) == [(T + 1, 3.0), (T + 2, 3.0)]
    assert world.values(other) == [(T, 1.0), (T + 1, 2.0), (T + 2, 2.0)]
    assert world.store.registered == 3


def test_exemplars(send, world) -> None:
    good = ({"trace_id": "abc"}, 0.5, T)
    bad = [({"": "x"}, 1.0, T), ({"trace_id": "x" * 130}, 1.0, T)]
    assert send((UP, [sample(T, 1.0)], [], [good, *bad])) == Outcome(204, samples=1, exemplars=1)
    (kept,) = world.store.exemplars
    assert (kept.series, kept.labels, kept.value, kept.time_ms) == (Labels(UP), Labels({"trace_id": "abc"}), 0.5, T)


def test_metadata_of_1_0(world) -> None:
    raw = request1([], [(1, "requests_total", "How many.", ""), (3, "seconds", "", "s"), (99, "odd", "?", "")])
    assert world.v1(raw) == Outcome(204)
    assert world.store.metadata == {
        "requests_total": Metadata("counter", "How many."),
        "seconds": Metadata("histogram", "", "s"),
        "odd": Metadata("unknown", "?"),
    }


def test_metadata_of_2_0_is_told_when_it_changes(world) -> None:
    def write(text: str) -> dict[str, Metadata]:
        world.store.metadata = {}
        request = Request2().add({"__name__": "seconds_bucket", "le": "1"}, [sample(T, 1.0)], metadata=(3, text, "s"))
        assert world.v2(request.add(UP, [sample(T, 1.0)])).status == 204
        return world.store.metadata

    assert write("Time.") == {"seconds": Metadata("histogram", "Time.", "s")}
    assert write("Time.") == {}
    assert write("Time taken.") == {"seconds": Metadata("histogram", "Time taken.", "s")}


def test_starts_of_2_0(world) -> None:
    request = Request2().add(UP, [sample(T, 1.0), sample(T + 1, 2.0, start_ms=T - 5)], created_ms=T - 9)
    request.add({"__name__": "h"}, [], [histogram(T, start_ms=T - 3), histogram(T + 1)], created_ms=T - 9)
    assert world.v2(request) == Outcome(204, samples=2, histograms=2)
    assert [start for _, _, start in world.store.samples[Labels(UP)]] == [T - 9, T - 5]
    assert [start for _, _, start in world.store.samples[Labels({"__name__": "h"})]] == [T - 3, T - 9]


INTEGER = {
    "count": 17,
    "total": 18.5,
    "schema": 1,
    "threshold": 0.001,
    "zero": 2,
    "positive": [(-2, 2), (3, 1), (0, 2)],
    "positive_counts": [3, 1, 2, 4, 0],
    "negative": [(5, 2)],
    "negative_counts": [1, 4],
    "hint": 2,
}


def test_histograms_with_integer_counts(send, world) -> None:
    assert send((UP, [], [histogram(T, **INTEGER)])) == Outcome(204, histograms=1)
    ((_, found),) = world.values(UP)
    assert found == Histogram(Scale(1, 0.001), 17, 18.5, 2, {-2: 3, -1: 1, 3: 2, 4: 4}, {5: 1, 6: 4}, Hint.NOT_RESET)


def test_histograms_of_many_shapes_side_by_side(send, world) -> None:
    floats = histogram(T, count=2.5, total=1.0, schema=-4, zero=0.5, positive=[(7, 2)], positive_counts=[0.25, 1.75])
    custom = histogram(
        T, count=6, total=9.0, schema=CUSTOM, positive=[(1, 2)], positive_counts=[2, 4], bounds=[1.0, 2.5]
    )
    empty = histogram(T, hint=3)
    fine = histogram(T, count=10, schema=10, positive=[(-3, 8)], positive_counts=[1, 1, 1, 1, 1, 1, 2, 2])
    made = {"f": floats, "c": custom, "e": empty, "fine": fine, "i": histogram(T, **INTEGER)}
    assert send(*(({"__name__": name}, [], [each]) for name, each in made.items())) == Outcome(204, histograms=5)
    found = {name: world.values({"__name__": name})[0][1] for name in made}
    assert found["f"] == Histogram(Scale(-4), 2.5, 1.0, 0.5, {7: 0.25, 8: 1.75})
    assert found["c"] == Histogram(Scale(CUSTOM, 0.0, (1.0, 2.5)), 6, 9.0, 0, {1: 2, 2: 4})
    assert found["e"] == Histogram(Scale(0), 0, 0.0, hint=Hint.GAUGE)
    # Buckets -3 to 4 of schema 10: four of them make one of schema 8.
    assert found["fine"] == Histogram(Scale(8), 10, 0.0, 0, {0: 4, 1: 6})
    assert found["i"].count == 17


def test_a_stale_histogram_ends_the_series_in_its_place(send, world) -> None:
    outcome = send((UP, [], [histogram(T, **INTEGER), histogram(T + 1, total=STALE)]), (UP, [sample(T + 2, 5.0)]))
    assert outcome == Outcome(204, samples=1, histograms=2)
    times, values = zip(*world.values(UP), strict=True)
    assert times == (T, T + 1, T + 2)
    assert isinstance(values[0], Histogram)
    assert is_stale(np.array([values[1]])).all()


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"schema": -5}, "unknown schema"),
        ({"schema": 53}, "unknown schema"),
        ({"count": 16}, "not that of its buckets"),
        ({"count": 18}, "not that of its buckets"),
        ({"count": 16, "total": math.nan}, "not that of its buckets"),
        ({"positive_counts": [3, 1, 2, 4]}, "spans that do not fit"),
        ({"positive": [(-2, 2), (-1, 3)]}, "spans that do not fit"),
        ({"positive": [(0, 4_294_967_295)]}, "spans that do not fit"),
        ({"positive_counts": [3, -1, 2, 4, 2]}, "below zero"),
        ({"threshold": -1.0}, "zero threshold"),
        ({"threshold": math.nan}, "zero threshold"),
        ({"bounds": [1.0]}, "a schema that has none"),
        ({"schema": CUSTOM}, "beside custom bounds"),
        ({"count": 17.0, "negative_counts": [1.0, -4.0]}, "below zero"),
        ({"count": -1.0}, "below zero"),
    ],
)
def test_histograms_that_contradict_themselves(send, world, changed, text) -> None:
    other = {"__name__": "other"}
    outcome = send((UP, [], [histogram(T, **{**INTEGER, **changed})]), (other, [], [histogram(T, **INTEGER)]))
    assert (outcome.status, outcome.histograms) == (400, 1)
    assert text in outcome.text
    assert 'up{job="a"}' in outcome.text
    assert len(world.values(other)) == 1
    assert world.counted("samples_dropped", reason="bad_histogram") == 1


@pytest.mark.parametrize(
    ("positive", "counts", "bounds", "text"),
    [
        ([(0, 2)], [1, 1], [2.0, 1.0], "increasing"),
        ([(0, 2)], [1, 1], [1.0, 1.0], "increasing"),
        ([(0, 2)], [1, 1], [1.0, math.inf], "finite"),
        ([(0, 2)], [1, 1], [math.nan, 1.0], "finite"),
        ([(0, 3)], [1, 1, 0], [1.0], "beyond the custom bounds"),
        ([(-1, 2)], [1, 1], [1.0, 2.0], "beyond the custom bounds"),
    ],
)
def test_custom_bounds_that_are_none(send, positive, counts, bounds, text) -> None:
    wrong = histogram(T, count=2, schema=CUSTOM, positive=positive, positive_counts=counts, bounds=bounds)
    assert text in send((UP, [], [wrong])).text


def test_a_nan_sum_allows_a_larger_count(send) -> None:
    assert send((UP, [], [histogram(T, **{**INTEGER, "count": 20, "total": math.nan})])) == Outcome(204, histograms=1)


def test_the_width_of_histograms_is_bounded(world) -> None:
    wide = histogram(T, count=10_001, positive=[(0, 10_001)], positive_counts=[1] * 10_001)
    assert "10000 buckets" in world.v1(request1([series1(UP, [], [wide])])).text
    wide = histogram(T, count=10_000, positive=[(0, 10_000)], positive_counts=[1] * 10_000)
    many = [series1(UP, [], [wide] + [histogram(T)] * 1000)]
    outcome = world.v1(request1(many))
    assert (outcome.status, "1001 histograms" in outcome.text) == (413, True)


HOSTILE = {
    "nothing": b"",
    "a length of 4 GiB": varint(1 << 32) + b"\x00",
    "a length beyond 32 MiB": varint((32 << 20) + 1) + b"\x00" * 50,
    "a length that is none": b"\xff" * 20,
    "cut off": snappy(request1([series1(UP, [sample(T, 1.0)])]))[:-3],
    "noise": bytes(random.Random(1).randrange(256) for _ in range(1000)),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("message", Message)
@pytest.mark.parametrize("encoding", Encoding)
def test_bodies_that_are_not_what_they_say(world, body, message, encoding) -> None:
    tracemalloc.start()
    outcome = world.receiver.receive(body, message, encoding)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome.status in (400, 413)
    assert peak < 40 << 20
    assert world.store.registered == 0


def test_bombs(world) -> None:
    bomb = zstd(bytes(256 << 20))
    assert len(bomb) < 50_000
    assert world.receiver.receive(bomb, Message.V1, Encoding.ZSTD).status == 413
    assert world.receiver.receive(snappy(bytes(33 << 20)), Message.V1, Encoding.SNAPPY).status == 413
    assert world.counted("requests_refused", reason="too_large") == 2


@pytest.mark.parametrize(
    "raw",
    [
        b"\x0a",
        b"\x0a\x05abc",
        b"\x0a" + b"\xff" * 9 + b"\x01",
        b"\x0a" + b"\xff" * 11,
        b"\x0b\x0c",
        b"\x02\x00",
        b"\x09" + b"x" * 7,
        blob(1, b"\x0a\x7f"),
        blob(1, blob(1, b"\x0a\xff\xff\xff\xff\x0f")),
        blob(1, blob(2, b"\x09abc")),
        blob(1, whole(2, 5)),
        blob(1, blob(2, whole(1, 5))),
        blob(1, blob(4, blob(13, b"1234567"))),
        blob(1, blob(4, blob(12, b"\x80"))),
        blob(3, whole(2, 7)),
    ],
)
def test_wire_garbage(world, raw) -> None:
    good = blob(1, series1(UP, [sample(T, 1.0)]))
    for body in (raw, good * 100 + raw):
        assert world.v1(body).status == 400
    assert world.values(UP) == []


def test_wire_garbage_of_2_0(world) -> None:
    for raw in (blob(5, blob(1, b"\x80")), blob(5, blob(1, b"\xff" * 12)), blob(5, double(1, 1.0)), whole(4, 3)):
        assert world.receiver.receive(snappy(raw), Message.V2, Encoding.SNAPPY).status == 400


def test_millions_of_fields_are_refused(world) -> None:
    series = blob(1, label("__name__", "up"))
    for raw in (b"\x0a\x00" * 3_000_000, blob(1, b"\x0a\x00" * 3_000_000), blob(1, series) * 200_001):
        outcome = world.v1(raw)
        assert outcome.status == 413
        assert "send it in parts" in outcome.text
    assert "more than 256 labels" in world.v1(blob(1, b"\x0a\x00" * 1_000_000)).text
    request = Request2()
    request.series.append(blob(1, b"\x00" * 2_000_000))
    assert "more than 256 labels" in world.v2(request).text


def test_too_many_of_anything(world) -> None:
    assert "50000 histograms" in world.v1(blob(1, blob(4, b"") * 50_001)).text
    assert "20000 exemplars" in world.v1(blob(1, blob(3, b"") * 20_001)).text
    assert "50000 metrics" in world.v1(blob(3, b"") * 50_001).text


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(Message))
def test_noise_is_answered(raw: bytes, message: Message) -> None:
    outcome = World().receiver.receive(snappy(raw), message, Encoding.SNAPPY)
    assert outcome.status in (204, 400)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_byte_that_changed_is_answered(data: st.DataObject) -> None:
    request = Request2().add(UP, [sample(T, 1.0)], exemplars=[({"a": "b"}, 1.0, T)], metadata=(1, "help", "s"))
    request.add({"__name__": "h"}, [], [histogram(T, **INTEGER)])
    one = request1(
        [series1(UP, [sample(T, 1.0)], [histogram(T, **INTEGER)], [({"a": "b"}, 1.0, T)])], [(1, "a", "b", "")]
    )
    message, raw = data.draw(st.sampled_from([(Message.V1, one), (Message.V2, request.encoded())]))
    changed = bytearray(raw)
    changed[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert World().receiver.receive(snappy(bytes(changed)), message, Encoding.SNAPPY).status in (204, 400)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-(1 << 63), (1 << 64) - 1), min_size=1, max_size=80))
def test_varints(numbers: list[int]) -> None:
    raw = b"".join(map(varint, numbers))
    ends = np.cumsum([len(varint(each)) for each in numbers])
    buffer = Buffer(raw + bytes(PADDING))
    found, after = buffer.varints(np.concatenate(([0], ends[:-1])))
    wanted = [each - (1 << 64) if each >> 63 == 1 else each for each in numbers]
    assert found.tolist() == wanted
    assert after.tolist() == ends.tolist()
    packed = Buffer(blob(1, raw) * 2 + bytes(PADDING))
    fields = packed.fields(np.zeros(1, np.int64), np.array([packed.size])).of(1, BYTES)
    assert packed.packed(fields)[0].tolist() == wanted * 2


def test_what_is_asked_for_is_kept_when_much_comes_in() -> None:
    known = Known(100_000)
    known.add(b"asked", 7)
    for number in range(5000):
        known.add(b"%d" % number, number)
        if number % 100 == 0:
            assert known.find([b"asked", b"never"]).tolist() == [7, NEW]
    assert len(known) < 1000
    assert known.find([b"0"]).tolist() == [NEW]


def test_numbers_of_symbols_are_given_once() -> None:
    symbols = Symbols(10_000)
    first = symbols.numbers([b"a", b"b", b"a"]).tolist()
    assert first[0] == first[2] != first[1]
    given_out = {*first}
    for number in range(500):
        given_out.update(symbols.numbers([b"%d" % number]).tolist())
    (again,) = symbols.numbers([b"a"]).tolist()
    assert again not in given_out


def test_spans_helper_matches_the_wire() -> None:
    assert spans(8, [(-1, 2)]) == bytes([8 << 3 | 2, 4, 0x08, 1, 0x10, 2])
