"""Remote write 1.0: columns to `prometheus.WriteRequest`. Each series comes with its labels spelled out.

WriteRequest: 1 series, 3 metadata. TimeSeries: 1 labels, 2 samples, 3 exemplars, 4 histograms. Label: 1 name, 2 value.
Exemplar: 1 labels, 2 value, 3 time. MetricMetadata: 1 type, 2 family, 4 help, 5 unit."""

import struct
from collections.abc import Mapping, Sequence
from typing import Final

from hivesight.export.remote_write.batch import Batch, Example
from hivesight.export.remote_write.histograms import histogram
from hivesight.export.remote_write.protobuf import bytes_field, head, number_field, text_field
from hivesight.export.remote_write.samples import sample_fields
from hivesight.ingest.remote_write.request import TYPES
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata

_SERIES: Final = 1


def spelled_labels(labels: Labels) -> bytes:
    """The field `labels` of a TimeSeries and of an Exemplar."""
    return b"".join([bytes_field(1, text_field(1, name) + text_field(2, value)) for name, value in labels.pairs])


class Version1:
    """See Message."""

    headers = (("Content-Type", "application/x-protobuf"), ("X-Prometheus-Remote-Write-Version", "0.1.0"))
    custom_bounds = False

    def spell(self, labels: Labels) -> bytes:
        return spelled_labels(labels)

    def encode(self, batch: Batch, spelled: Sequence[bytes]) -> bytes:
        samples = batch.samples
        contents = sample_fields(samples.times, samples.values)
        if samples.cell is not None and samples.histograms is not None:
            for index, (cell, time) in enumerate(zip(samples.cell.tolist(), samples.times.tolist(), strict=True)):
                if cell >= 0:
                    contents[index] = bytes_field(4, histogram(samples.histograms, cell, time))
        parts: list[bytes] = []
        refs: list[int] = samples.refs.tolist()
        for ref, content in zip(refs, contents, strict=True):
            labels = spelled[ref]
            parts += (head(_SERIES, len(labels) + len(content)), labels, content)
        parts += [bytes_field(1, _exemplar(each)) for each in batch.exemplars]
        return b"".join(parts)


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
