"""The writing side: plan an append on the columns, log it, then show it to readers. Called by `group.Group`.

Two locks: `_writing` serialises writers and is held while the log is written; `publishing` is held only while memory
changes hands, so that a slow disk never makes a reader wait."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import structlog
from numpy.typing import NDArray
from structlog.typing import FilteringBoundLogger

from hivesight.model.errors import LimitExceeded, StorageError
from hivesight.model.histogram import HistogramGrid
from hivesight.model.labels import Labels
from hivesight.model.series import STALE, Values, canonical_nans, is_sample
from hivesight.storage.tsdb.admission import Admission
from hivesight.storage.tsdb.arrays import Arrays
from hivesight.storage.tsdb.churn import Churn
from hivesight.storage.tsdb.codec import Numbers, encode_group, encode_samples, encode_series
from hivesight.storage.tsdb.coded import coded
from hivesight.storage.tsdb.columns import Columns, NewSeries
from hivesight.storage.tsdb.group import Appended
from hivesight.storage.tsdb.head import Head, HeadGroup
from hivesight.storage.tsdb.limits import Limits
from hivesight.storage.tsdb.piece import Piece
from hivesight.storage.tsdb.piece_codec import encode_piece
from hivesight.storage.tsdb.plan import MAX_TIME_MS, Plan, carry_out, plan_append, plan_mixed
from hivesight.storage.tsdb.side_codec import encode_cut
from hivesight.storage.tsdb.stats import Counters, Refusal
from hivesight.storage.tsdb.wal import Wal

_log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Write:
    """What is to be stored in a group: new series, then samples. piece: series i of it has the row numbers[i]; numbers
    increase, and no sample stands where it goes."""

    group: HeadGroup
    numbers: Numbers
    piece: Piece | None = None
    new: NewSeries | None = None


class Writer:
    """Registers series and appends samples, within the limits, log first."""

    def __init__(self, head: Head, wal: Wal, limits: Limits, publishing: threading.Lock, churn: Churn) -> None:
        self.counters = Counters()
        self.churn = churn
        self.admission = Admission(head, limits)
        self.writing = threading.RLock()
        self.head = head
        self._publishing = publishing
        self._wal = wal
        self._limits = limits
        self._head_bytes = head.head_bytes()
        self._closed = False

    def close(self) -> None:
        """Refuses everything from now on."""
        with self.writing:
            self._closed = True

    def group(self, key: str) -> HeadGroup:
        """Get or create. Raises LimitExceeded at max_groups."""
        with self.writing:
            if key not in self.head.groups and len(self.head.groups) >= self._limits.max_groups:
                self.counters.groups_refused += 1
                raise LimitExceeded(
                    f"the metrics store holds {self._limits.max_groups} scrape groups; "
                    "raise max_groups or scrape fewer targets"
                )
            with self._publishing:
                return self.head.group(key)

    def register(self, group: HeadGroup, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """See Group.register."""
        with self.writing:
            self.check_open()
            many = coded(labels, self.head.symbols)
            numbers = many.numbers(group.columns.keyed)
            rows = self.admission.admit(labels, many, many.newcomers(numbers), Counter(), group)
            if rows:
                new = self.head.new_series(self.head.identities(many, rows), group.columns.next_number)
                self.store([Write(group, new.numbers, new=new)])
                many.settle(numbers, rows, new.numbers)
            return numbers

    def store(self, writes: Sequence[Write]) -> None:
        """Logs everything at once, then shows it. The caller holds `writing`. Raises StorageError and LimitExceeded;
        then nothing was stored."""
        records: list[bytes] = []
        ids: dict[HeadGroup, int] = {}
        needed = samples = 0
        for each in writes:
            group_id = each.group.id if each.group.id is not None else ids.get(each.group)
            if group_id is None:
                group_id = ids[each.group] = self.head.next_group_id
                self.head.next_group_id += 1
                records.append(encode_group(group_id, each.group.key))
            if each.new is not None:
                records += encode_series(self.head.definition(group_id, each.new))
            if each.piece is not None:
                records.append(encode_piece(group_id, each.numbers, each.piece))
                samples += int(each.piece.present.sum())
            columns = each.group.columns
            needed += columns.grown_bytes(len(each.new.numbers), 0) if each.new is not None else 0
            needed += columns.piece_bytes(each.piece) if each.piece is not None else 0
        try:
            self._check_room(needed)
            self._wal.write(b"".join(records))
        except StorageError as error:
            reason = Refusal.HEAD_BYTES if isinstance(error, LimitExceeded) else Refusal.WRITE_FAILED
            self.counters.samples_refused[reason] += samples
            raise
        for each in writes:
            self._show(each, ids.get(each.group))
        self.counters.samples_appended += samples

    def _show(self, write: Write, group_id: int | None) -> None:
        group, columns = write.group, write.group.columns
        if write.new is not None:
            grown = columns.grown(len(write.new.numbers), 0)
            with self._publishing:
                if group.id is None:
                    group.id = group_id
                    self.head.enlist(group)
                self._adopt(columns, grown)
                self.head.add(group, write.new)
            self.counters.series_created += len(write.new.numbers)
            self.churn.created(write.new.pairs)
        if write.piece is not None:
            handed_out, opened = columns.handed_out, columns.opened(write.piece)
            with self._publishing:
                if columns.handed_out != handed_out:
                    # A reader took a view meanwhile.
                    opened = columns.opened(write.piece)
                self._adopt(columns, opened)
                before = columns.arrays.nbytes
                columns.put(columns.positions(write.numbers), write.piece)
                self._head_bytes += columns.arrays.nbytes - before

    def note(self, record: bytes, show: Callable[[Head], object]) -> None:
        """Logs something that is no sample, then shows it. The caller holds `writing`. Raises StorageError."""
        self.log(record)
        with self._publishing:
            show(self.head)

    def log(self, record: bytes) -> None:
        """Logs a record. The caller holds `writing`. Raises StorageError."""
        self.check_open()
        self._wal.write(record)

    def end(self, over: Callable[[str], bool], at_ms: int) -> int:
        """See Tsdb.end_groups."""
        ended = 0
        for group in [each for each in list(self.head.groups.values()) if over(each.key)]:
            with self.writing:
                columns = group.columns
                if columns.newest_ms is None or columns.bounds_ms is None:
                    continue
                rows = columns.numbers()[is_sample(np.ascontiguousarray(columns.newest_column()))]
                if len(rows):
                    self.append(group, max(at_ms, columns.newest_ms + 1), rows, np.full(len(rows), STALE))
                    ended += 1
        return ended

    def append(
        self,
        group: HeadGroup,
        time_ms: int,
        rows: NDArray[np.int32],
        values: NDArray[np.float64],
        histograms: HistogramGrid | None = None,
    ) -> Appended:
        """See Group.append."""
        numbers = np.asarray(rows, dtype=np.int32)
        samples = canonical_nans(np.ascontiguousarray(values, dtype=np.float64))
        if numbers.ndim != 1 or numbers.shape != samples.shape:
            raise ValueError(f"rows have the shape {numbers.shape}, values {samples.shape}; both must be (n,)")
        if not -MAX_TIME_MS < time_ms < MAX_TIME_MS:
            raise ValueError(f"time {time_ms} is out of range")
        with self.writing:
            self.check_open()
            if histograms is not None:
                return self._append_mixed(group, time_ms, numbers, samples, histograms)
            plan = plan_append(group.columns, time_ms, numbers, samples)
            if len(plan.positions):
                self._store(group, time_ms, plan)
                self.counters.samples_appended += len(plan.positions)
            self._count(plan.appended)
            return plan.appended

    def _append_mixed(
        self, group: HeadGroup, time_ms: int, numbers: NDArray[np.int32], values: Values, histograms: HistogramGrid
    ) -> Appended:
        if group.columns.newest_ms is not None and time_ms < group.columns.newest_ms:
            appended = Appended(out_of_order=len(numbers))
        else:
            given = Piece(np.array([time_ms], np.int64), values[:, np.newaxis], histograms)
            piece, numbers, appended = plan_mixed(group.columns, numbers, given)
            if len(numbers):
                self.store([Write(group, numbers, piece)])
        self._count(appended)
        return appended

    def _store(self, group: HeadGroup, time_ms: int, plan: Plan) -> None:
        columns = group.columns
        group_id = group.id
        if group_id is None:
            raise StorageError(f"scrape group {group.key!r} has series but no definition in the log")
        try:
            grown = self._room(columns, 0, 1 if plan.new_column else 0)
            self._wal.write(encode_samples(group_id, time_ms, columns.numbers()[plan.positions], plan.values))
        except StorageError as error:
            reason = Refusal.HEAD_BYTES if isinstance(error, LimitExceeded) else Refusal.WRITE_FAILED
            self.counters.samples_refused[reason] += len(plan.positions)
            raise
        with self._publishing:
            self._adopt(columns, grown)
            carry_out(columns, time_ms, plan)

    def _room(self, columns: Columns, rows: int, samples: int) -> Arrays:
        """Arrays with room; made before the log is written, so that a lack of memory leaves no trace there."""
        self._check_room(columns.grown_bytes(rows, samples))
        return columns.grown(rows, samples)

    def _check_room(self, needed: int) -> None:
        if needed > 0 and self._head_bytes + needed > self._limits.max_head_bytes:
            raise LimitExceeded(
                f"the metrics in memory are at max_head_bytes ({self._limits.max_head_bytes}); "
                "raise it, shorten the retention, or scrape fewer series"
            )

    def _adopt(self, columns: Columns, arrays: Arrays) -> None:
        self._head_bytes += arrays.nbytes - columns.arrays.nbytes
        columns.adopt(arrays)

    def _count(self, appended: Appended) -> None:
        refused = self.counters.samples_refused
        for reason, count in (
            (Refusal.OUT_OF_ORDER, appended.out_of_order),
            (Refusal.DUPLICATE, appended.duplicate),
            (Refusal.REFUSED_SERIES, appended.refused),
            (Refusal.UNKNOWN_ROW, appended.unknown),
        ):
            if count:
                refused[reason] += count

    def cut_group(
        self, group: HeadGroup, cutoff_ms: int, dropped: Callable[[HeadGroup, Sequence[bytes]], None]
    ) -> None:
        """Drops what of a group is older than the cutoff from memory and, once it is read back, from the log. The
        caller holds `writing`. Raises StorageError."""
        if group.id is not None:
            self._wal.write(encode_cut(group.id, cutoff_ms))
        before = group.columns.arrays.nbytes
        with self._publishing:
            gone = self.head.cut(group, cutoff_ms)
        self._head_bytes += group.columns.arrays.nbytes - before
        if gone:
            self.counters.series_dropped += len(gone)
            self.churn.dropped(gone)
            dropped(group, gone)

    def cut(self, cutoff_ms: int, dropped: Callable[[HeadGroup, Sequence[bytes]], None]) -> None:
        """Drops what is older than the cutoff from memory, one group at a time; `dropped` is told which series went."""
        with self.writing:
            for group in list(self.head.groups.values()):
                with self._publishing:
                    gone = self.head.cut(group, cutoff_ms)
                if gone:
                    self.counters.series_dropped += len(gone)
                    self.churn.dropped(gone)
                    dropped(group, gone)
            self._head_bytes = self.head.head_bytes()
            self.admission.forget_complaints()

    def check_open(self) -> None:
        """Raises StorageError after `close`."""
        if self._closed:
            raise StorageError("the metrics store is closed")
