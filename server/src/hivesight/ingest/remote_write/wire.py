"""Protobuf's wire format in columns: many messages are read side by side, one field of each at a step, with NumPy.
What leaves are places in the buffer; nothing is made for a field by itself. (protobuf.dev, "Encoding")"""

from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.remote_write.errors import MalformedRequest, RequestTooLarge

Places = NDArray[np.int64]

PADDING: Final = 16
"""Zero bytes that a buffer needs behind its messages, so that eight bytes may be read from any place in them."""
MAX_FIELDS: Final = 2_000_000
"""The most fields that are read at once."""
_FEW: Final = 48
"""So many messages or fewer are read one by one: that is faster than a step of NumPy."""
_SHORT: Final = 4
"""Varints of up to so many bytes are read byte by byte where there are very many."""
_LONGEST: Final = 1 << 31
_NOT_THAT: Final = "the body is not the protobuf message that Content-Type names, or it is cut off"

_STOPS: Final = np.uint64(0x8080808080808080)
_SEVEN: Final = np.uint64(0x7F7F7F7F7F7F7F7F)
_FOLDS: Final = (
    (np.uint64(0x007F007F007F007F), np.uint64(0x7F007F007F007F00), np.uint64(1)),
    (np.uint64(0x00003FFF00003FFF), np.uint64(0x3FFF00003FFF0000), np.uint64(2)),
    (np.uint64(0x000000000FFFFFFF), np.uint64(0x0FFFFFFF00000000), np.uint64(4)),
)
_ONE: Final = np.uint64(1)
_ZERO: Final = np.uint64(0)
_NO_SIZES: Final = np.zeros(0, dtype=np.int64)


# How a field's value is written. Plain numbers: an enum's members cost more to name than NumPy needs to compare.
VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
_LENGTHS: Final = np.array([0, 8, 0, -1, -1, 4, -1, -1])
"""How many bytes a value has, by the way it is written; 0 where the value says so itself, -1 where there is no such."""

_ONE_BYTE_TAG: Final = 0x87
"""The bits of a tag, less the four of the number that fits into one byte."""


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

    def of(self, number: int, kind: int, other: int | None = None) -> "Fields":
        """Those with this number, ordered by message. Raises MalformedRequest where one is of another kind."""
        rows = np.flatnonzero(self.number == number)
        if not len(rows):
            return NO_FIELDS
        message = self.message[rows]
        if (message[1:] < message[:-1]).any():
            rows = rows[np.argsort(message, kind="stable")]
        found = self.rows(rows)
        wrong = found.kind != kind if other is None else (found.kind != kind) & (found.kind != other)
        if wrong.any():
            raise MalformedRequest(f"field {number} of a message has wire type {int(found.kind[wrong][0])}")
        return found

    def rows(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> "Fields":
        """These alone."""
        return Fields(self.message[which], self.number[which], self.kind[which], self.start[which], self.end[which])


NO_FIELDS: Final = Fields(*(np.zeros(0, dtype=np.int64) for _ in range(5)))
"""None."""


class Buffer:
    """Bytes with PADDING zero bytes behind what is read, and the views that read them."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.size = len(raw) - PADDING
        self.bytes: NDArray[np.uint8] = np.frombuffer(raw, dtype=np.uint8)
        shape = len(raw) - 7
        self._words: NDArray[np.uint64] = np.ndarray((shape,), np.dtype("<u8"), raw, strides=(1,))
        self._doubles: NDArray[np.float64] = np.ndarray((shape,), np.dtype("<f8"), raw, strides=(1,))

    def doubles(self, starts: Places) -> NDArray[np.float64]:
        """The doubles at these places."""
        return self._doubles[starts]

    def words(self, starts: Places) -> NDArray[np.uint64]:
        """The eight bytes at each of these places, the first the lowest."""
        return self._words[starts]

    def packed(self, fields: Fields) -> tuple[Places, Places]:
        """The varints of a repeated field, packed or one by one, and how many there are in each of `fields`, which are
        as `of` gives them, VARINT or BYTES. There may be very many, so they are read from their last bytes backwards:
        most have one byte or two."""
        pieces = [self.raw[a:b] for a, b in zip(fields.start.tolist(), fields.end.tolist(), strict=True)]
        joined = b"".join((bytes(_SHORT), *pieces, bytes(PADDING)))
        written = np.frombuffer(joined, dtype=np.uint8)
        is_last = written[_SHORT:-PADDING] < 0x80
        ends = np.cumsum(fields.end - fields.start)
        _check(is_last[ends[fields.end > fields.start] - 1].all())
        last = np.flatnonzero(is_last) + _SHORT
        _bounded(len(last))
        counts = np.diff(np.cumsum(np.append(0, is_last), dtype=np.int64)[ends], prepend=0)
        values = written[last].astype(np.int64)
        more = np.ones(len(last), dtype=np.bool_)
        for back in range(1, _SHORT + 1):
            before = written[last - back]
            more &= before >= 0x80
            if not more.any():
                return values, counts
            values = np.where(more, (values << 7) | (before & 0x7F), values)
        first = np.append(_SHORT, last[:-1] + 1)
        return Buffer(joined).varints(first)[0], counts

    def varints(self, starts: Places) -> tuple[Places, Places]:
        """The varints at these places, as int64, and where they end. Raises MalformedRequest for one that is longer
        than ten bytes."""
        first = self.bytes[starts]
        if first.max(initial=0) < 0x80:
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

    def fields(self, starts: Places, ends: Places) -> Fields:
        """The fields of the messages at these places. Raises MalformedRequest and RequestTooLarge."""
        steps: list[Fields] = []
        count = 0
        rows = np.flatnonzero(starts < ends)
        at, limit = starts[rows], ends[rows]
        while len(rows) > _FEW:
            count += len(rows)
            _bounded(count)
            step = self._step(rows, at, limit)
            steps.append(step)
            left = step.end < limit
            rows, at, limit = (rows, step.end, limit) if left.all() else (rows[left], step.end[left], limit[left])
        heads: list[list[int]] = []
        for first, last in zip(at.tolist(), limit.tolist(), strict=True):
            heads.append(self._heads(first, last, MAX_FIELDS - count))
            count += len(heads[-1])
        counts = [len(each) for each in heads]
        flat = np.fromiter(chain.from_iterable(heads), dtype=np.int64, count=sum(counts))
        steps.append(self._step(np.repeat(rows, counts), flat, np.repeat(limit, counts)))
        if len(steps) == 1:
            return steps[0]
        columns = ("message", "number", "kind", "start", "end")
        return Fields(*(np.concatenate([getattr(each, name) for each in steps]) for name in columns))

    def _heads(self, at: int, limit: int, most: int) -> list[int]:
        """Where each field of one message begins, found one by one; at most so many."""
        raw = self.raw
        heads: list[int] = []
        add = heads.append
        for _ in range(most + 1):
            if at >= limit:
                break
            add(at)
            size = raw[at + 1]
            if raw[at] & _ONE_BYTE_TAG != BYTES:
                at = self._after(at)
            elif size < 0x80:
                at += size + 2
            elif (more := raw[at + 2]) < 0x80:
                at += size + (more << 7) - 125
            else:
                at = self._after(at)
        _bounded(len(heads) + MAX_FIELDS - most)
        _check(at == limit)
        return heads

    def _after(self, at: int) -> int:
        """Where the field that begins there ends."""
        tag, at = self.varint(at)
        kind = tag & 7
        if kind == VARINT:
            return self.varint(at)[1]
        if kind == BYTES:
            size, at = self.varint(at)
            _check(0 <= size < _LONGEST)
            return at + size
        _check(kind in (FIXED32, FIXED64))
        return at + int(_LENGTHS[kind])

    def _step(self, rows: Places, at: Places, limit: Places) -> Fields:
        """The field at each place, none beyond its limit."""
        tags, start = self.varints(at)
        number, kind = tags >> 3, tags & 7
        sizes = _NO_SIZES
        # Messages of one kind mostly have the same fields in the same order.
        alike = int(kind[0]) if len(kind) and (kind == kind[0]).all() else None
        if alike == BYTES:
            sizes, start = self.varints(start)
            end = start + sizes
        elif alike == VARINT:
            end = self.varints(start)[1]
        elif alike == FIXED64:
            end = start + _LENGTHS[FIXED64]
        else:
            lengths = _LENGTHS[kind]
            end = start + lengths
            told = np.flatnonzero(lengths == 0)
            values, after = self.varints(start[told])
            is_bytes = kind[told] == BYTES
            start[told] = np.where(is_bytes, after, start[told])
            sizes = np.where(is_bytes, values, 0)
            end[told] = after + sizes
            _check(lengths.min(initial=0) >= 0)
        _check(sizes.min(initial=0) >= 0 and sizes.max(initial=0) < _LONGEST)
        _check(number.min(initial=1) > 0 and bool((end <= limit).all()))
        return Fields(rows, number, kind, start, end)


def _check(holds: bool | np.bool_) -> None:
    if not holds:
        raise MalformedRequest(_NOT_THAT)


def _bounded(fields: int) -> None:
    if fields > MAX_FIELDS:
        raise RequestTooLarge(f"the request has more than {MAX_FIELDS} protobuf fields: send it in parts")
