"""Records of the log that hold no samples: deletions, exemplars and metadata. docs/format/wal.md describes them."""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from hivesight.model.batch import Exemplar
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata
from hivesight.storage.tsdb.codec import BadRecord, Kind, Numbers, are_row_numbers
from hivesight.storage.tsdb.framing import frame

_CUT: Final = struct.Struct("<Iq")
_DELETE: Final = struct.Struct("<Iqq")


@dataclass(frozen=True, slots=True)
class Deletion:
    """Rows of a group lose their samples in a closed interval."""

    group: int
    numbers: Numbers
    start_ms: int
    end_ms: int


def encode_deletion(deletion: Deletion) -> bytes:
    """A deletion as a record."""
    head = _DELETE.pack(deletion.group, deletion.start_ms, deletion.end_ms)
    return frame(Kind.DELETE, head, deletion.numbers.astype("<i4").tobytes())


def decode_deletion(payload: memoryview) -> Deletion:
    """A record as a deletion. Raises BadRecord."""
    try:
        group, start_ms, end_ms = _DELETE.unpack_from(payload)
        numbers = np.frombuffer(payload, "<i4", offset=_DELETE.size)
    except (struct.error, ValueError) as error:
        raise BadRecord(f"deletion: {error}") from error
    if not are_row_numbers(numbers):
        raise BadRecord("deletion: row numbers are not increasing")
    return Deletion(group, numbers, start_ms, end_ms)


def encode_cut(group: int, cutoff_ms: int) -> bytes:
    """That the samples of a group before the cutoff are in a block."""
    return frame(Kind.CUT, _CUT.pack(group, cutoff_ms))


def decode_cut(payload: memoryview) -> tuple[int, int]:
    """Group and cutoff. Raises BadRecord."""
    try:
        return _CUT.unpack(payload)
    except struct.error as error:
        raise BadRecord(f"cut: {error}") from error


def encode_exemplars(exemplars: Sequence[Exemplar]) -> bytes:
    """Exemplars as a record: JSON, since they are few."""
    rows = [[dict(each.series), dict(each.labels), each.value.hex(), each.time_ms] for each in exemplars]
    return frame(Kind.EXEMPLARS, _json(rows))


def decode_exemplars(payload: memoryview) -> list[Exemplar]:
    """A record as exemplars. Raises BadRecord."""
    rows: Any = _parsed(payload, "exemplars")
    try:
        return [Exemplar(Labels(a), Labels(b), float.fromhex(value), int(time)) for a, b, value, time in rows]
    except (TypeError, ValueError) as error:
        raise BadRecord(f"exemplars: {error}") from error


def encode_metadata(metadata: Mapping[str, Metadata]) -> bytes:
    """Metadata as a record."""
    return frame(Kind.METADATA, _json({name: [each.type, each.help, each.unit] for name, each in metadata.items()}))


def decode_metadata(payload: memoryview) -> dict[str, Metadata]:
    """A record as metadata. Raises BadRecord."""
    rows: Any = _parsed(payload, "metadata")
    try:
        return {str(name): Metadata(*map(str, each)) for name, each in rows.items()}
    except (TypeError, ValueError, AttributeError) as error:
        raise BadRecord(f"metadata: {error}") from error


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _parsed(payload: memoryview, what: str) -> object:
    try:
        return json.loads(bytes(payload))
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"{what}: {error}") from error
