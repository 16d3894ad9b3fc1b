"""What is written is what a reader of remote write reads, in both messages."""

from pathlib import Path

import cramjam
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from export.receiving import content, store_in
from hivesight.export.remote_write.batch import Batch, Example
from hivesight.export.remote_write.message import Message
from hivesight.export.remote_write.protobuf import varint, zigzag
from hivesight.export.remote_write.samples import sample_fields
from hivesight.export.remote_write.version1 import Version1, encode_metadata
from hivesight.export.remote_write.version2 import Version2
from hivesight.ingest.remote_write import Receiver
from hivesight.ingest.remote_write.media import Encoding, message_of
from hivesight.ingest.remote_write.wire import PADDING, Buffer
from hivesight.model.batch import Exemplar, Samples
from hivesight.model.histogram import CUSTOM, Hint, Histogram, Scale, cells_of
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata
from hivesight.model.series import STALE, bits

NOW = 1_700_000_000_000
LABELS = [Labels({"__name__": name, "job": "ä b", "empty-ish": "x" * 200}) for name in ("a_total", "b", "c", "d", "e")]
HISTOGRAMS = [
    Histogram(Scale(3, 0.001), 10, 5.5, 1, {-2: 3.0, -1: 2.0, 4: 4.0}),
    Histogram(Scale(0), 2.5, -1, 0.5, {1: 1.0}, {0: 1.0}, Hint.GAUGE),
    Histogram(Scale(CUSTOM, 0.0, (1.0, 2.5)), 3, 4.0, 0, {0: 1.0, 2: 2.0}),
]
KNOWN = {"a_total": Metadata("counter", "What a is.", "bytes")}


def read(tmp_path: Path, message: Message, batch: Batch, labels: list[Labels]):
    """A store that took the request."""
    store = store_in(tmp_path / "theirs")
    receiver = Receiver(store.push, CollectorRegistry())
    body = bytes(cramjam.snappy.compress_raw(message.encode(batch, [message.spell(each) for each in labels])))
    outcome = receiver.receive(body, message_of(dict(message.headers)["Content-Type"]), Encoding.SNAPPY)
    assert outcome.status == 204, outcome
    return store


@pytest.mark.parametrize("message", [Version1(), Version2(lambda: KNOWN)])
def test_both_messages_carry_everything(tmp_path: Path, message: Message) -> None:
    samples = Samples(
        np.arange(5, dtype=np.int32),
        np.array([NOW, NOW + 1, NOW + 2, NOW + 3, NOW + 4]),
        np.array([1.5, STALE, 5.5, -1.0, 4.0]),
        cells_of(HISTOGRAMS),
        np.array([-1, -1, 0, 1, 2]),
    )
    exemplar = Exemplar(LABELS[0], Labels({"trace_id": "abc", "empty": "y"}), -2.5, NOW)
    store = read(tmp_path, message, Batch(samples, [Example(LABELS[0], exemplar, 0)]), LABELS)
    found = content(store)
    assert found[str(LABELS[0])] == [(NOW, hex(int(bits(np.array([1.5]))[0])))]
    assert found[str(LABELS[1])] == [(NOW + 1, "0x7ff0000000000002")]
    shown = [found[str(each)][0][1] for each in LABELS[2:]]
    assert shown[0] == f"{HISTOGRAMS[0].scale} [10.0, 5.5, 1.0] [(-2, 3.0), (-1, 2.0), (4, 4.0)] 0"
    assert shown[1] == f"{HISTOGRAMS[1].scale} [2.5, -1.0, 0.5] [(0, 1.0), (1, 1.0)] 3"
    assert shown[2] == f"{HISTOGRAMS[2].scale} [3.0, 4.0, 0.0] [(0, 1.0), (2, 2.0)] 0"
    assert store.exemplars([[]], 0, NOW + 9) == {LABELS[0]: [exemplar]}
    assert store.metadata() == (KNOWN if isinstance(message, Version2) else {})
    store.close()


def test_a_table_of_symbols_has_what_the_request_needs_and_no_more() -> None:
    message = Version2(dict)
    spelled = [message.spell(Labels({"__name__": f"m{index}", "i": str(index)})) for index in range(300)]
    batch = Batch(Samples(np.array([7, 299, 7], np.int32), np.full(3, NOW), np.arange(3.0)))
    raw = message.encode(batch, spelled)
    buffer = Buffer(raw + bytes(PADDING))
    table = buffer.fields(np.zeros(1, np.int64), np.array([len(raw)])).of(4, 2)
    texts = [raw[a:b] for a, b in zip(table.start.tolist(), table.end.tolist(), strict=True)]
    assert texts[0] == b"" and sorted(texts[1:]) == [b"299", b"7", b"__name__", b"i", b"m299", b"m7"]


def test_metadata_of_version_1(tmp_path: Path) -> None:
    store = store_in(tmp_path / "theirs")
    body = bytes(cramjam.snappy.compress_raw(encode_metadata(KNOWN | {"b": Metadata("gauge", "", "")})))
    Receiver(store.push, CollectorRegistry()).receive(body, message_of("application/x-protobuf"), Encoding.SNAPPY)
    assert store.metadata() == KNOWN | {"b": Metadata("gauge", "", "")}
    store.close()


TIMES = st.one_of(st.integers(-(1 << 62), 1 << 62), st.integers(NOW - 1000, NOW + 1000))


@given(st.lists(st.tuples(TIMES, st.integers(0, (1 << 64) - 1)), min_size=1, max_size=20))
def test_samples_are_read_as_they_were(rows: list[tuple[int, int]]) -> None:
    times = np.array([time for time, _ in rows], np.int64)
    values = np.array([value for _, value in rows], np.uint64).view(np.float64)
    raw = b"".join(sample_fields(times, values))
    buffer = Buffer(raw + bytes(PADDING))
    fields = buffer.fields(np.zeros(1, np.int64), np.array([len(raw)])).of(2, 2)
    inner = buffer.fields(fields.start, fields.end)
    assert buffer.varints(inner.of(2, 0).start)[0].tolist() == times.tolist()
    assert bits(buffer.doubles(inner.of(1, 1).start)).tolist() == bits(values).tolist()


@pytest.mark.parametrize(
    ("number", "plain", "zig"),
    [(0, "00", "00"), (1, "01", "02"), (300, "ac02", "d804"), (-1, "ffffffffffffffffff01", "01"), (-65, None, "8101")],
)
def test_numbers(number: int, plain: str | None, zig: str) -> None:
    assert zigzag(number).hex() == zig
    assert plain is None or varint(number).hex() == plain
