"""The messages of the protobuf exposition format, built when they are imported. Names and numbers of their fields are
those of `io.prometheus.client`. Labels of a metric are declared as bytes, so that a series which was seen before is
found by them and no label is decoded. An enumeration has the wire format of an int32, and is read as one."""

from collections.abc import Sequence
from typing import Any, Final, Protocol, cast

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError as DecodeError
from google.protobuf.message_factory import GetMessageClass

_PACKAGE: Final = "hivesight.exposition"
_TYPES: Final = {
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "sint32": FieldDescriptorProto.TYPE_SINT32,
    "sint64": FieldDescriptorProto.TYPE_SINT64,
    "string": FieldDescriptorProto.TYPE_STRING,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
}
_FIELDS: Final = {
    # A star stands for a field that repeats.
    "Timestamp": {1: "seconds int64", 2: "nanos int32"},
    "LabelPair": {1: "name string", 2: "value string"},
    "Exemplar": {1: "label LabelPair*", 2: "value double", 3: "timestamp Timestamp"},
    "Counter": {1: "value double", 2: "exemplar Exemplar"},
    "Number": {1: "value double"},
    "Quantile": {1: "quantile double", 2: "value double"},
    "Summary": {1: "sample_count uint64", 2: "sample_sum double", 3: "quantile Quantile*"},
    "Bucket": {
        1: "cumulative_count uint64",
        2: "upper_bound double",
        3: "exemplar Exemplar",
        4: "cumulative_count_float double",
    },
    "BucketSpan": {1: "offset sint32", 2: "length uint32"},
    "Histogram": {
        1: "sample_count uint64",
        2: "sample_sum double",
        3: "bucket Bucket*",
        4: "sample_count_float double",
        5: "schema sint32",
        6: "zero_threshold double",
        7: "zero_count uint64",
        8: "zero_count_float double",
        9: "negative_span BucketSpan*",
        10: "negative_delta sint64*",
        11: "negative_count double*",
        12: "positive_span BucketSpan*",
        13: "positive_delta sint64*",
        14: "positive_count double*",
        15: "created_timestamp Timestamp",
        16: "exemplars Exemplar*",
    },
    "Metric": {
        1: "label bytes*",
        2: "gauge Number",
        3: "counter Counter",
        4: "summary Summary",
        5: "untyped Number",
        6: "timestamp_ms int64",
        7: "histogram Histogram",
    },
    "MetricFamily": {1: "name string", 2: "help string", 3: "type int32", 4: "metric Metric*", 5: "unit string"},
}


class TimestampMessage(Protocol):
    seconds: int
    nanos: int


class LabelMessage(Protocol):
    name: str
    value: str


class ExemplarMessage(Protocol):
    label: Sequence[LabelMessage]
    value: float
    timestamp: TimestampMessage

    def HasField(self, name: str, /) -> bool: ...


class NumberMessage(Protocol):
    value: float


class CounterMessage(Protocol):
    value: float
    exemplar: ExemplarMessage

    def HasField(self, name: str, /) -> bool: ...


class QuantileMessage(Protocol):
    quantile: float
    value: float


class SummaryMessage(Protocol):
    sample_count: int
    sample_sum: float
    quantile: Sequence[QuantileMessage]


class BucketMessage(Protocol):
    cumulative_count: int
    cumulative_count_float: float
    upper_bound: float
    exemplar: ExemplarMessage

    def HasField(self, name: str, /) -> bool: ...


class SpanMessage(Protocol):
    offset: int
    length: int


class HistogramMessage(Protocol):
    sample_count: int
    sample_count_float: float
    sample_sum: float
    bucket: Sequence[BucketMessage]
    schema: int
    zero_threshold: float
    zero_count: int
    zero_count_float: float
    negative_span: Sequence[SpanMessage]
    negative_delta: Sequence[int]
    negative_count: Sequence[float]
    positive_span: Sequence[SpanMessage]
    positive_delta: Sequence[int]
    positive_count: Sequence[float]
    created_timestamp: TimestampMessage
    exemplars: Sequence[ExemplarMessage]

    def HasField(self, name: str, /) -> bool: ...


class MetricMessage(Protocol):
    label: Sequence[bytes]
    gauge: NumberMessage
    counter: CounterMessage
    summary: SummaryMessage
    untyped: NumberMessage
    timestamp_ms: int
    histogram: HistogramMessage

    def HasField(self, name: str, /) -> bool: ...


class FamilyMessage(Protocol):
    name: str
    help: str
    type: int
    metric: Sequence[MetricMessage]
    unit: str


def _file() -> FileDescriptorProto:
    file = FileDescriptorProto(name="hivesight/exposition", package=_PACKAGE, syntax="proto3")
    for message, fields in _FIELDS.items():
        made = file.message_type.add(name=message)
        for number, text in fields.items():
            name, kind = text.split()
            field = made.field.add(
                name=name,
                number=number,
                label=FieldDescriptorProto.LABEL_REPEATED if kind[-1] == "*" else FieldDescriptorProto.LABEL_OPTIONAL,
                type=_TYPES.get(kind.rstrip("*"), FieldDescriptorProto.TYPE_MESSAGE),
            )
            if field.type == FieldDescriptorProto.TYPE_MESSAGE:
                field.type_name = f".{_PACKAGE}.{kind.rstrip('*')}"
    return file


_pool: Final = DescriptorPool()
_pool.AddSerializedFile(_file().SerializeToString())


def _class(name: str) -> Any:
    return GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


_family: Final = _class("MetricFamily")
_label: Final = _class("LabelPair")


def family_of(data: bytes) -> FamilyMessage:
    """A family, or a piece of one. Raises DecodeError. Memory: up to some 60 times as much as `data`."""
    return cast("FamilyMessage", _family.FromString(data))


def label_of(data: bytes) -> LabelMessage:
    """A pair of a metric's labels. Raises DecodeError."""
    return cast("LabelMessage", _label.FromString(data))
