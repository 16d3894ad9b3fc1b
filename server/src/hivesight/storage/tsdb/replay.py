"""The log read back into a head: records in, groups, series and samples in memory.

Records are applied in the order in which they were written. Appends of the same range of rows, which is what a target
with stable series writes, are gathered and put in as one matrix."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from hivesight.storage.tsdb.codec import (
    BadRecord,
    Kind,
    Numbers,
    Rows,
    SamplesHeader,
    decode_block,
    decode_end,
    decode_group,
    decode_samples,
    decode_samples_header,
    decode_series,
    range_values,
)
from hivesight.storage.tsdb.coded import keys_of
from hivesight.storage.tsdb.columns import NewSeries
from hivesight.storage.tsdb.head import Head, HeadGroup
from hivesight.storage.tsdb.piece import Piece
from hivesight.storage.tsdb.piece_codec import decode_piece
from hivesight.storage.tsdb.plan import carry_out, plan_append, plan_piece
from hivesight.storage.tsdb.side_codec import decode_cut, decode_deletion, decode_exemplars, decode_metadata


@dataclass(slots=True)
class _Run:
    """Appends of one range of rows at increasing times, not yet put in."""

    group: HeadGroup
    first: int
    count: int
    times: list[int] = field(default_factory=list[int])
    values: list[memoryview] = field(default_factory=list[memoryview])


class Replay:
    """Applies records to a head. `flush` must be called before a file's bytes go away."""

    def __init__(self, head: Head) -> None:
        self.samples = 0
        self.unknown_samples = 0
        self.records = 0
        self.ended_after: int | None = None
        """What the end record of a checkpoint says came before it."""
        self._head = head
        self._groups: dict[int, HeadGroup] = {}
        self._runs: dict[str, _Run] = {}
        self._aliases: dict[str, dict[int, int]] = {}

    def apply(self, kind: int, payload: memoryview) -> None:
        """One record. Raises BadRecord where it makes no sense; then it changed nothing."""
        match kind:
            case Kind.SAMPLES:
                self._samples(payload)
            case Kind.SERIES:
                self._series(payload)
            case Kind.GROUP:
                self._group(payload)
            case Kind.BLOCK:
                self._block(payload)
            case Kind.PIECE:
                self._piece(payload)
            case Kind.DELETE:
                self._delete(payload)
            case Kind.CUT:
                self._cut(payload)
            case Kind.EXEMPLARS:
                self._head.exemplars.keep(decode_exemplars(payload))
            case Kind.METADATA:
                self._head.metadata.describe(decode_metadata(payload))
            case Kind.END:
                self.ended_after = decode_end(payload)
            case _:
                raise BadRecord(f"unknown record type {kind}")
        self.records += 1

    def flush(self) -> None:
        """Puts in what was gathered."""
        for key in list(self._runs):
            self._put_run(key)

    def _seen(self, group_id: int) -> None:
        """A number that stands in the log is not given out again, even if its definition was lost."""
        self._head.next_group_id = max(self._head.next_group_id, group_id + 1)

    def _group(self, payload: memoryview) -> None:
        group_id, key = decode_group(payload)
        if group_id in self._groups and self._groups[group_id].key != key:
            raise BadRecord(f"group {group_id} defined twice")
        self._seen(group_id)
        group = self._head.group(key)
        group.id = group_id
        self._groups[group_id] = group

    def _series(self, payload: memoryview) -> None:
        definition = decode_series(payload)
        self._seen(definition.group)
        group = self._groups.get(definition.group)
        if group is None or not len(definition.numbers):
            return
        columns = group.columns
        known = columns.numbers()
        floor = int(known[-1]) if len(known) else -1
        if int(definition.numbers[0]) <= floor:
            raise BadRecord(f"row numbers of group {definition.group} are not increasing")
        self._put_run(group.key)
        new = self._without_known(group, self._head.interned(definition), columns.keyed)
        if len(new.numbers):
            columns.adopt(columns.grown(len(new.numbers), 0))
            self._head.add(group, new)
        columns.next_number = max(columns.next_number, int(definition.numbers[-1]) + 1)

    def _without_known(self, group: HeadGroup, new: NewSeries, keyed: Mapping[bytes, int]) -> NewSeries:
        """The batch less the label sets that the group has: retention had dropped them and they came back under a new
        number. Their new number becomes another name of the row."""
        taken: dict[bytes, int] = {}
        kept = np.ones(len(new.numbers), dtype=bool)
        for index, (key, number) in enumerate(zip(new.keys, new.numbers.tolist(), strict=True)):
            there = keyed.get(key, taken.get(key))
            if there is None:
                taken[key] = number
            else:
                kept[index] = False
                self._aliases.setdefault(group.key, {})[number] = there
        if kept.all():
            return new
        pairs = new.pairs[np.repeat(kept, new.label_counts)]
        counts = new.label_counts[kept]
        return NewSeries(keys_of(pairs, counts), new.numbers[kept], counts, pairs)

    def _samples(self, payload: memoryview) -> None:
        header = decode_samples_header(payload)
        group = self._groups.get(header.group)
        if group is None:
            self._seen(header.group)
            self.unknown_samples += len(decode_samples(header, payload)[0])
            return
        if header.rows is Rows.RANGE and header.count and group.key not in self._aliases:
            values = range_values(header, payload)
            run = self._runs.get(group.key)
            newest = run.times[-1] if run is not None else group.columns.newest_ms
            if newest is None or header.time_ms > newest:
                if run is None or (run.first, run.count) != (header.first, header.count):
                    self._put_run(group.key)
                    run = self._runs[group.key] = _Run(group, header.first, header.count)
                run.times.append(header.time_ms)
                run.values.append(values)
                return
        self._put_samples(group, header, payload)

    def _put_run(self, key: str) -> None:
        run = self._runs.pop(key, None)
        if run is None:
            return
        columns = run.group.columns
        numbers = np.arange(run.first, run.first + run.count, dtype=np.int32)
        columns.next_number = max(columns.next_number, run.first + run.count)
        values = np.frombuffer(b"".join(run.values), "<f8").reshape(len(run.times), run.count).T
        positions = columns.positions(numbers)
        known = positions >= 0
        if not known.all():
            self.unknown_samples += len(run.times) * int((~known).sum())
            positions, values = positions[known], values[known]
        if len(positions):
            columns.adopt(columns.grown(0, len(run.times)))
            columns.extend(np.array(run.times, np.int64), positions, values)
            self.samples += values.size

    def _put_samples(self, group: HeadGroup, header: SamplesHeader, payload: memoryview) -> None:
        numbers, values = decode_samples(header, payload)
        if not len(numbers):
            return
        self._put_run(group.key)
        columns = group.columns
        columns.next_number = max(columns.next_number, int(numbers[-1]) + 1)
        plan = plan_append(columns, header.time_ms, self._named(group, numbers), values)
        self.unknown_samples += plan.appended.unknown
        if len(plan.positions):
            columns.adopt(columns.grown(0, 1 if plan.new_column else 0))
            carry_out(columns, header.time_ms, plan)
            self.samples += len(plan.positions)

    def _named(self, group: HeadGroup, numbers: Numbers) -> Numbers:
        aliases = self._aliases.get(group.key)
        if aliases is None:
            return numbers
        return np.array([aliases.get(number, number) for number in numbers.tolist()], dtype=np.int32)

    def _block(self, payload: memoryview) -> None:
        block = decode_block(payload)
        self._put_piece(block.group, block.numbers, Piece(block.times, block.values))

    def _piece(self, payload: memoryview) -> None:
        self._put_piece(*decode_piece(payload))

    def _put_piece(self, group_id: int, numbers: Numbers, piece: Piece) -> None:
        self._seen(group_id)
        group = self._groups.get(group_id)
        if group is None:
            self.unknown_samples += int(piece.present.sum())
            return
        if not piece.values.size:
            return
        self._put_run(group.key)
        columns = group.columns
        columns.next_number = max(columns.next_number, int(numbers[-1]) + 1)
        plan = plan_piece(columns, self._named(group, numbers), piece)
        self.unknown_samples += plan.unknown
        if len(plan.positions):
            columns.adopt(columns.opened(plan.piece))
            columns.put(plan.positions, plan.piece)
            self.samples += int(plan.piece.present.sum())

    def _delete(self, payload: memoryview) -> None:
        deletion = decode_deletion(payload)
        group = self._groups.get(deletion.group)
        if group is not None:
            self._put_run(group.key)
            positions = group.columns.positions(self._named(group, deletion.numbers))
            group.columns.delete(positions[positions >= 0], deletion.start_ms, deletion.end_ms)

    def _cut(self, payload: memoryview) -> None:
        group_id, cutoff_ms = decode_cut(payload)
        group = self._groups.get(group_id)
        if group is not None:
            self._put_run(group.key)
            group.columns.trim(cutoff_ms)
