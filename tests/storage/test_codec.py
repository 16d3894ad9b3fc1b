"""Record payloads and framing: what is encoded is decoded, and any other bytes are a BadRecord, never a crash."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivesight.model.series import bits
from hivesight.storage.tsdb import codec, framing
from hivesight.storage.tsdb.codec import BadRecord, Kind, SeriesDefinition

texts = st.text(st.characters(codec=None), max_size=12)
int32s = st.integers(0, 2**31 - 1)
doubles = st.integers(0, 2**64 - 1).map(lambda pattern: np.array([pattern], np.uint64).view(np.float64)[0])


def payloads(data: bytes) -> list[tuple[int, memoryview]]:
    """The records of a file whose content is `data`."""
    view = memoryview(framing.file_header(framing.SEGMENT_MAGIC, 1) + data)
    return [(kind, payload) for kind, payload, _ in framing.records(view)]


@given(int32s, texts)
def test_group(group: int, key: str) -> None:
    ((kind, payload),) = payloads(codec.encode_group(group, key))
    assert kind == Kind.GROUP
    assert codec.decode_group(payload) == (group, key)


@given(int32s, st.lists(st.dictionaries(texts, texts, max_size=4), min_size=1, max_size=6))
def test_series(group: int, label_sets: list[dict[str, str]]) -> None:
    strings = sorted({text for labels in label_sets for pair in labels.items() for text in pair})
    code = {text: index for index, text in enumerate(strings)}
    pairs = np.array([[code[n], code[v]] for each in label_sets for n, v in each.items()], np.int32).reshape(-1, 2)
    counts = np.array([len(each) for each in label_sets], np.int32)
    numbers = np.arange(5, 5 + len(label_sets), dtype=np.int32)
    (record,) = codec.encode_series(SeriesDefinition(group, numbers, counts, pairs, strings))
    ((kind, payload),) = payloads(record)
    got = codec.decode_series(payload)
    assert (kind, got.group, got.numbers.tolist()) == (Kind.SERIES, group, numbers.tolist())
    flat = iter([(got.texts[name], got.texts[value]) for name, value in got.pairs.tolist()])
    assert [dict(next(flat) for _ in range(count)) for count in got.label_counts.tolist()] == label_sets


def test_many_series_are_several_records() -> None:
    count = 25_000
    numbers = np.arange(count, dtype=np.int32)
    pairs = np.stack((np.zeros(count, np.int32), numbers + 1), axis=1)
    strings = ["name", *(f"value{n}" for n in range(count))]
    encoded = codec.encode_series(SeriesDefinition(1, numbers, np.ones(count, np.int32), pairs, strings))
    decoded = [codec.decode_series(payload) for _, payload in payloads(b"".join(encoded))]
    assert [len(each.numbers) for each in decoded] == [10_000, 10_000, 5_000]
    assert decoded[2].texts[int(decoded[2].pairs[-1, 1])] == "value24999"


row_numbers = st.integers(0, codec.MAX_ROW_NUMBER)
row_sets = st.one_of(
    st.integers(0, 100).flatmap(lambda low: st.integers(1, 50).map(lambda n: list(range(low, low + n)))),
    st.sets(st.integers(0, 200), min_size=1).map(sorted),
    st.sets(row_numbers, min_size=1, max_size=5).map(sorted),
)


@given(int32s, st.integers(-(2**62), 2**62), row_sets, st.data())
def test_samples(group: int, time: int, rows: list[int], data: st.DataObject) -> None:
    values = np.array(data.draw(st.lists(doubles, min_size=len(rows), max_size=len(rows))))
    ((kind, payload),) = payloads(codec.encode_samples(group, time, np.array(rows, np.int32), values))
    header = codec.decode_samples_header(payload)
    numbers, got = codec.decode_samples(header, payload)
    assert (kind, header.group, header.time_ms, numbers.tolist()) == (Kind.SAMPLES, group, time, rows)
    assert bits(got).tolist() == bits(values).tolist()


@pytest.mark.parametrize(
    ("rows", "form", "size"),
    [(range(100), "RANGE", 800), (range(0, 100, 2), "BITMAP", 413), ([0, 1_000_000], "LIST", 24)],
)
def test_rows_take_the_smallest_form(rows: list[int], form: str, size: int) -> None:
    record = codec.encode_samples(1, 2, np.array(rows, np.int32), np.zeros(len(rows)))
    ((_, payload),) = payloads(record)
    assert codec.decode_samples_header(payload).rows.name == form
    assert len(payload) - 21 == size


@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_block(rows: int, samples: int, data: st.DataObject) -> None:
    cells = rows * samples
    values = np.array(data.draw(st.lists(doubles, min_size=cells, max_size=cells))).reshape(rows, samples)
    numbers, times = np.arange(rows, dtype=np.int32) * 3, np.arange(samples, dtype=np.int64) * 15_000
    ((kind, payload),) = payloads(codec.encode_block(7, numbers, times, values))
    got = codec.decode_block(payload)
    assert (kind, got.group, got.numbers.tolist(), got.times.tolist()) == (4, 7, numbers.tolist(), times.tolist())
    assert bits(np.ascontiguousarray(got.values)).tolist() == bits(values).tolist()


def decode_any_samples(payload: memoryview) -> None:
    codec.decode_samples(codec.decode_samples_header(payload), payload)


@pytest.mark.parametrize(
    "decode", [codec.decode_group, codec.decode_series, decode_any_samples, codec.decode_block, codec.decode_end]
)
@given(garbage=st.binary(max_size=200))
def test_garbage_is_a_bad_record(decode: Callable[[memoryview], object], garbage: bytes) -> None:
    with suppress(BadRecord):
        decode(memoryview(garbage))


@pytest.mark.parametrize(
    ("decode", "payload"),
    [
        (codec.decode_series, b"\1\0\0\0" + b"\xff" * 12),
        (codec.decode_block, b"\1\0\0\0" + b"\xff" * 8),
        (decode_any_samples, b"\1\0\0\0" + b"\0" * 8 + b"\1" + b"\0\0\0\0" + b"\xff" * 4),
        (decode_any_samples, b"\1\0\0\0" + b"\0" * 8 + b"\0" + b"\xff" * 4 + b"\1\0\0\0" + b"\0" * 8),
        (decode_any_samples, b"\1\0\0\0" + b"\0" * 8 + b"\1" + b"\xff" * 4 + b"\1\0\0\0" + b"\1" + b"\0" * 8),
    ],
)
def test_a_count_is_not_trusted_before_its_bytes_are_there(
    decode: Callable[[memoryview], object], payload: bytes
) -> None:
    with pytest.raises(BadRecord):
        decode(memoryview(payload))


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=30)), max_size=6), st.data())
def test_framing_keeps_whole_records_before_a_fault(records: list[tuple[int, bytes]], data: st.DataObject) -> None:
    header = framing.file_header(framing.SEGMENT_MAGIC, 1)
    framed = [framing.frame(kind, payload) for kind, payload in records]
    whole = header + b"".join(framed)
    ends = [len(header)]
    for each in framed:
        ends.append(ends[-1] + len(each))
    at = data.draw(st.integers(len(header), len(whole)))
    damaged = bytearray(whole[:at])
    if data.draw(st.booleans()) and at < len(whole):
        damaged = bytearray(whole)
        damaged[at] ^= data.draw(st.integers(1, 255))
    view = memoryview(bytes(damaged))
    got = [(kind, bytes(payload)) for kind, payload, _ in framing.records(view)]
    expected = sum(end <= at for end in ends) - 1
    assert got == records[:expected]
    end = ends[expected]
    assert (framing.fault(view, end) is None) == (end == len(view))
