"""Remote write 1.0: columns to `prometheus.WriteRequest`. Each series comes with its labels spelled out.

WriteRequest: 1 series, 3 metadata. TimeSeries: 1 labels, 2 samples, 3 exemplars, 4 histograms. Label: 1 name, 2 value.
Exemplar: 1 labels, 2 value, 3 time. MetricMetadata: 1 type, 2 family, 4 help, 5 unit."""

import struct
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from hivesight.export.remote_write.batch import Batch, Example
from hivesight.export.remote_write.contents import contents
from hivesight.export.remote_write.protobuf import bytes_field, head, number_field, text_field
from hivesight.export.remote_write.samples import SIZE, are_common, common_fields
from hivesight.ingest.remote_write.request import TYPES
from hivesight.model.batch import Samples
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata

_SERIES: Final = 1
_HISTOGRAMS: Final = 4
_MORE: Final = 0x80
"""A byte of a varint behind which there is another."""


def spelled_labels(labels: Labels) -> bytes:
    """The field `labels` of a TimeSeries and of an Exemplar."""
    return b"".join([bytes_field(1, text_field(1, name) + text_field(2, value)) for name, value in labels.pairs])


class Version1:
    """See Message. A series is spelled as a whole TimeSeries with room for a sample: a request is such texts one behind
    the other, and the samples put into them all at once."""

    headers = (("Content-Type", "application/x-protobuf"), ("X-Prometheus-Remote-Write-Version", "0.1.0"))
    custom_bounds = False

    def spell(self, labels: Labels) -> bytes:
        spelled = spelled_labels(labels)
        return head(_SERIES, len(spelled) + SIZE) + spelled + bytes(SIZE)

    def encode(self, batch: Batch, spelled: Sequence[bytes]) -> bytes:
        samples = batch.samples
        refs: list[int] = samples.refs.tolist()
        series = [spelled[ref] for ref in refs]
        if samples.cell is None and are_common(samples.times):
            parts = [_filled(series, samples)]
        else:
            parts = [
                bytes_field(_SERIES, _labels(each) + content)
                for each, content in zip(series, contents(samples, _HISTOGRAMS), strict=True)
            ]
        return b"".join([*parts, *(bytes_field(_SERIES, _exemplar(each)) for each in batch.exemplars)])


def _filled(series: Sequence[bytes], samples: Samples) -> bytes:
    """The texts with the samples where they left room."""
    written = bytearray().join(series)
    ends = np.cumsum(np.fromiter(map(len, series), np.int64, len(series)))
    places = ends[:, np.newaxis] + np.arange(-SIZE, 0)
    np.frombuffer(written, dtype=np.uint8)[places] = common_fields(samples.times, samples.values)
    return bytes(written)


def _labels(spelled: bytes) -> bytes:
    """The labels alone of what was spelled."""
    start = 1
    while spelled[start] >= _MORE:
        start += 1
    return spelled[start + 1 : -SIZE]


def _exemplar(each: Example) -> bytes:
    content = spelled_labels(each.exemplar.labels) + b"\x11" + struct.pack("<d", each.exemplar.value)
    return spelled_labels(each.labels) + bytes_field(3, content + number_field(3, each.exemplar.time_ms))


def encode_metadata(metadata: Mapping[str, Metadata]) -> bytes:
    """A request that carries metadata alone."""
    return b"".join(
        bytes_field(
            3,
            number_field(1, TYPES.index(each.type) if each.type in TYPES else 0)
            + text_field(2, name)
            + text_field(4, each.help)
            + text_field(5, each.unit),
        )
        for name, each in metadata.items()
    )
