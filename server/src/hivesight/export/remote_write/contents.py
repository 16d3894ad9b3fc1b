"""What a TimeSeries carries beside its labels: a float or a native histogram."""

from hivesight.export.remote_write.histograms import histogram
from hivesight.export.remote_write.protobuf import bytes_field
from hivesight.export.remote_write.samples import sample_fields
from hivesight.model.batch import Samples


def contents(samples: Samples, histograms_field: int) -> list[bytes]:
    """The field of each sample. histograms_field: the number that histograms have in the message."""
    found = sample_fields(samples.times, samples.values)
    if samples.cell is not None and samples.histograms is not None:
        for index, (cell, time) in enumerate(zip(samples.cell.tolist(), samples.times.tolist(), strict=True)):
            if cell >= 0:
                found[index] = bytes_field(histograms_field, histogram(samples.histograms, cell, time))
    return found
