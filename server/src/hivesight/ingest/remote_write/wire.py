"""Protobuf's wire format in columns: many messages are read side by side, one field of each at a step, with NumPy.
What leaves are places in the buffer; nothing is made for a field by itself. (protobuf.dev, "Encoding")"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.remote_write.errors import MalformedRequest, RequestTooLarge

Places = NDArray[np.int64]

PADDING: Final = 16
"""Zero bytes that a buffer needs behind its messages, so that eight bytes may be read from any place in them."""
MAX_FIELDS: Final = 2_000_000
"""The most fields of one request, over all its messages."""
_FEW: Final = 48
"""So many messages or fewer are read one by one: that is faster than a step of NumPy."""
_LONGEST: Final = 1 << 31

_STOPS: Final = np.uint64(0x8080808080808080)
_SEVEN: Final = np.uint64(0x7F7F7F7F7F7F7F7F)
_FOLDS: Final = (
    (np.uint64(0x007F007F007F007F), np.uint64(0x7F007F007F007F00), np.uint64(1)),
    (np.uint64(0x00003FFF00003FFF), np.uint64(0x3FFF00003FFF0000), np.uint64(2)),
    (np.uint64(0x000000000FFFFFFF), np.uint64(0x0FFFFFFF00000000), np.uint64(4)),
)
_ONE: Final = np.uint64(1)
_ZERO: Final = np.uint64(0)


class Kind(IntEnum):
    """How a field's value is written."""

    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    FIXED32 = 5


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields of messages: int64 columns of shape (fields,). message: the number of the message among those that were
    read. number and kind: the field's. start, end: where in the buffer the value stands, of BYTES without its length.
    Those of one message are in the order in which they were written; messages are mixed."""

    message: Places
    number: Places
    kind: Places
    start: Places
    end: Places

    def __len__(self) -> int:
        return len(self.message)

    def of(self, number: int, *kinds: Kind) -> "Fields":
        """Those with this number, ordered by message. Raises MalformedRequest where one is of another kind."""
        rows = np.flatnonzero(self.number == number)
        rows = rows[np.argsort(self.message[rows], kind="stable")]
        found = Fields(self.message[rows], self.number[rows], self.kind[rows], self.start[rows], self.end[rows])
        wrong = ~np.isin(found.kind, kinds) if len(kinds) > 1 else found.kind != kinds[0]
        if wrong.any():
            raise MalformedRequest(f"field {number} of a message has wire type {int(found.kind[wrong.argmax()])}")
        return found


class Buffer:
    """Bytes with PADDING zero bytes behind what is read, and the views that read them. `spent` counts the fields of
    all messages that were read, against MAX_FIELDS."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.size = len(raw) - PADDING
        self.bytes: NDArray[np.uint8] = np.frombuffer(raw, dtype=np.uint8)
        shape = (len(raw) - 7,)
        self._words: NDArray[np.uint64] = np.ndarray(shape, np.dtype("<u8"), raw, strides=(1,))
        self._doubles: NDArray[np.float64] = np.ndarray(shape, np.dtype("<f8"), raw, strides=(1,))
        self.spent = 0

    def doubles(self, starts: Places) -> NDArray[np.float64]:
        """The doubles at these places."""
        return self._doubles[starts]

    def varints(self, starts: Places) -> tuple[Places, Places]:
        """The varints at these places, as int64, and where they end. Raises MalformedRequest for one that is longer
        than ten bytes."""
        first = self.bytes[starts]
        if not (first & 0x80).any():
            return first.astype(np.int64), starts + 1
        words = self._words[starts]
        stops = ~words & _STOPS
        stop = stops & (_ZERO - stops)
        values = words & (stop | (stop - _ONE)) & _SEVEN
        for low, high, shift in _FOLDS:
            values = (values & low) | ((values & high) >> shift)
        found = values.view(np.int64)
        ends = starts + ((np.bitwise_count(stop - _ONE) >> 3) + 1)
        for row in np.flatnonzero(stop == 0).tolist():
            found[row], ends[row] = self.varint(int(starts[row]))
        return found, ends

    def varint(self, at: int) -> tuple[int, int]:
        """The varint there, as a signed number of 64 bits, and where it ends."""
        value = 0
        for index in range(10):
            byte = self.raw[at + index]
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                value &= 0xFFFF_FFFF_FFFF_FFFF
                return value - (1 << 64) if value >> 63 else value, at + index + 1
        raise MalformedRequest("a varint is longer than ten bytes")

    def spend(self, fields: int) -> None:
        """Counts fields. Raises RequestTooLarge."""
        self.spent += fields
        if self.spent > MAX_FIELDS:
            raise RequestTooLarge(f"the request has more than {MAX_FIELDS} protobuf fields: send it in parts")

    def fields(self, starts: Places, ends: Places) -> Fields:
        """The fields of the messages at these places. Raises MalformedRequest and RequestTooLarge."""
        steps: list[Fields] = []
        rows = np.flatnonzero(starts < ends)
        at, limit = starts[rows], ends[rows]
        while len(rows) > _FEW:
            self.spend(len(rows))
            step = self._step(rows, at, limit)
            steps.append(step)
            left = step.end < limit
            rows, at, limit = (rows, step.end, limit) if left.all() else (rows[left], step.end[left], limit[left])
        for row, first, last in zip(rows.tolist(), at.tolist(), limit.tolist(), strict=True):
            steps.append(self._one_by_one(row, first, last))
        if len(steps) == 1:
            return steps[0]
        columns = ("message", "number", "kind", "start", "end")
        none = [np.zeros(0, dtype=np.int64)]
        return Fields(*(np.concatenate([getattr(each, name) for each in steps] or none) for name in columns))

    def _step(self, rows: Places, at: Places, limit: Places) -> Fields:
        """The field at each place, none beyond its limit."""
        tags, start = self.varints(at)
        number, kind = tags >> 3, tags & 7
        if (kind == Kind.BYTES).all():
            sizes, start = self.varints(start)
            _check(((sizes >= 0) & (sizes < _LONGEST)).all())
            end = start + sizes
        else:
            end = start.copy()
            end[kind == Kind.FIXED64] += 8
            end[kind == Kind.FIXED32] += 4
            varint = np.flatnonzero(kind == Kind.VARINT)
            end[varint] = self.varints(start[varint])[1]
            long = np.flatnonzero(kind == Kind.BYTES)
            sizes, start[long] = self.varints(start[long])
            _check(((sizes >= 0) & (sizes < _LONGEST)).all())
            end[long] = start[long] + sizes
            _check(bool(np.isin(kind, list(Kind)).all()))
        _check(bool((number > 0).all()) and bool((end <= limit).all()))
        return Fields(rows, number, kind, start, end)

    def _one_by_one(self, row: int, at: int, limit: int) -> Fields:
        found: list[tuple[int, int, int, int]] = []
        while at < limit:
            self.spend(1)
            tag, at = self.varint(at)
            start = at
            match tag & 7:
                case Kind.BYTES:
                    size, start = self.varint(at)
                    _check(0 <= size < _LONGEST)
                    at = start + size
                case Kind.VARINT:
                    _, at = self.varint(at)
                case Kind.FIXED64:
                    at += 8
                case Kind.FIXED32:
                    at += 4
                case _:
                    _check(False)
            _check(tag >> 3 > 0 and at <= limit)
            found.append((tag >> 3, tag & 7, start, at))
        columns = np.array(found, dtype=np.int64).reshape(-1, 4).T
        return Fields(np.full(len(found), row, dtype=np.int64), *columns)


def _check(holds: object) -> None:
    if not holds:
        raise MalformedRequest("the body is not the protobuf message that Content-Type names, or it is cut off")
