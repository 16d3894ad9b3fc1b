"""OTLP's exemplars as ours."""

from opentelemetry.proto.metrics.v1.metrics_pb2 import Exemplar as OtlpExemplar

from hivesight.ingest.otlp.values import text_of
from hivesight.model.batch import Exemplar
from hivesight.model.labels import Labels

MAX_CHARACTERS = 128
"""OpenMetrics 1.0, "Exemplars": names and values together."""


def exemplar_of(exemplar: OtlpExemplar, series: Labels) -> Exemplar:
    """Trace and span in hex; the other attributes only where all of it is short enough."""
    labels: dict[str, str] = {}
    if any(exemplar.trace_id):
        labels["trace_id"] = exemplar.trace_id.hex()
    if any(exemplar.span_id):
        labels["span_id"] = exemplar.span_id.hex()
    others = {each.key: text_of(each.value) for each in exemplar.filtered_attributes}
    size = sum(len(name) + len(value) for pairs in (labels, others) for name, value in pairs.items())
    if size <= MAX_CHARACTERS:
        labels = {**others, **labels}
    value = exemplar.as_double or float(exemplar.as_int)
    return Exemplar(series, Labels(labels), value, exemplar.time_unix_nano // 1_000_000)
