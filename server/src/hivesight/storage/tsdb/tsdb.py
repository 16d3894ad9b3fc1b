"""The metrics store: opens the directory, replays the log, hands out groups, answers selections, keeps retention."""

import secrets
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from weakref import WeakSet

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.model.batch import Exemplar
from hivesight.model.clock import Clock
from hivesight.model.errors import StartError, StorageError
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher
from hivesight.model.metadata import Metadata
from hivesight.model.series import SeriesBlock
from hivesight.model.symbols import LabelTable
from hivesight.storage.tsdb.block.shared import Shared
from hivesight.storage.tsdb.blocks import Blocks
from hivesight.storage.tsdb.checkpoint import aside_records, snapshots_of, write_checkpoint
from hivesight.storage.tsdb.churn import Churn, Churned
from hivesight.storage.tsdb.compaction.compactor import Compactor
from hivesight.storage.tsdb.cutting import cut_block, window_end
from hivesight.storage.tsdb.directory import Directory
from hivesight.storage.tsdb.framing import Position
from hivesight.storage.tsdb.group import Group
from hivesight.storage.tsdb.head import Head, HeadGroup
from hivesight.storage.tsdb.lanes import PREFIX, Lanes
from hivesight.storage.tsdb.limits import Limits, WalOptions
from hivesight.storage.tsdb.plan import MAX_TIME_MS
from hivesight.storage.tsdb.push import Push
from hivesight.storage.tsdb.recovery import Recovered, recover
from hivesight.storage.tsdb.removal import delete
from hivesight.storage.tsdb.select import Reader
from hivesight.storage.tsdb.snapshot import write_snapshot
from hivesight.storage.tsdb.stats import ReplayStats, TsdbStats
from hivesight.storage.tsdb.tail import Tail
from hivesight.storage.tsdb.verdicts import Verdicts
from hivesight.storage.tsdb.wal import Wal
from hivesight.storage.tsdb.writer import Writer

_log: FilteringBoundLogger = structlog.get_logger(__name__)

_BLOCKS_AT_ONCE: Final = 16
"""So many blocks are written by one `truncate` at most."""


@dataclass(frozen=True, slots=True)
class Retention:
    """age_ms: how old samples may be. nbytes: how large all blocks. None: no bound."""

    age_ms: int | None
    nbytes: int | None


class Tsdb:
    """Thread-safe: any thread may append or ask. Readers work on snapshots and never wait for the disk."""

    def __init__(
        self,
        directory: Directory,
        head: Head,
        wal: Wal,
        recovered: Recovered,
        replay: ReplayStats,
        retention: Retention,
        limits: Limits,
        options: WalOptions,
        clock: Clock,
    ) -> None:
        """Use `open`."""
        self._directory = directory
        self._head = head
        self._wal = wal
        self._replay = replay
        self._retention = retention
        self._options = options
        self._clock = clock
        self._checkpoint_bytes = recovered.checkpoint_bytes
        self._publishing = threading.Lock()
        self._truncating = threading.Lock()
        self._counting = threading.Lock()
        self._writer = Writer(head, wal, limits, self._publishing, Churn(head.symbols, clock.now_ms))
        self._verdicts = verdicts = Verdicts(head.symbols)
        self._blocks = Blocks(directory, Shared(head.symbols, verdicts, options.cache_bytes))
        self._reader = Reader(head, self._publishing, verdicts, self._blocks)
        self._lanes = Lanes(head)
        self.push = Push(self._writer, self._lanes, self._oldest_ms, clock.now_ms)
        """Takes what senders push."""
        self._tails: WeakSet[Tail] = WeakSet()
        self._promised: int | None = None
        """The first segment that a reader will need who may not be there yet."""
        self._waiting = 0
        self._compactor = Compactor(self._blocks, retention.age_ms, clock, lambda: self._waiting > 0)
        self._closed = False

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        clock: Clock,
        retention_ms: int | None,
        limits: Limits,
        retention_bytes: int | None = None,
        wal: WalOptions | None = None,
        unread: int | None = None,
    ) -> "Tsdb":
        """Opens the store in `directory`, which is created, and replays its log; what had to be mended is logged.

        retention_ms: samples older than this go at `truncate`; None keeps them. retention_bytes: the oldest blocks go
        where all together are larger. unread: the segment of the log from which on somebody will read it; it is kept
        up to the first `truncate`, by when the reader has to be there. Raises StartError where the directory cannot be
        used: held by another process (named with its pid), not writable, or of a newer format. Damaged content is no
        error."""
        options = wal or WalOptions()
        began = clock.monotonic()
        opened = Directory.open(directory)
        try:
            head = Head()
            recovered = recover(opened, head, unread)
            log = Wal(opened, recovered.sequence, options, clock, recovered.checkpoint)
        except BaseException as error:
            opened.close()
            if isinstance(error, OSError):
                raise StartError(
                    f"cannot read or mend the metrics log in {directory}: {error.filename or ''}: "
                    f"{error.strerror or error}; mend the disk or choose another directory with --data"
                ) from error
            raise
        repairs = recovered.damaged + recovered.torn
        replay = ReplayStats(recovered.samples, recovered.unknown_samples, repairs, clock.monotonic() - began)
        retention = Retention(retention_ms, retention_bytes)
        try:
            store = cls(opened, head, log, recovered, replay, retention, limits, options, clock)
        except OSError as error:
            log.close()
            opened.close()
            raise StartError(
                f"cannot read the blocks in {directory}: {error.filename or ''}: {error.strerror or error}; "
                "move what is in their place away, or choose another directory with --data"
            ) from error
        store._promised = unread
        store._cut(clock.now_ms())
        _log.info(
            "metrics store opened",
            directory=str(directory),
            groups=len(head.groups),
            series=head.series,
            samples=replay.samples,
            samples_without_definition=replay.unknown_samples,
            repairs=repairs,
            seconds=round(replay.seconds, 3),
        )
        if recovered.damaged:
            store._mend()
        return store

    def group(self, key: str) -> Group:
        """The scrape group with this stable key (a target's identity, a rule's identity), created where it is new.
        Raises LimitExceeded at `max_groups`."""
        return Group(self._writer.group(key), self._writer)

    def end_groups(self, over: Callable[[str], bool], at_ms: int) -> int:
        """Ends the series of the groups whose keys `over` names: each that has a value at its group's newest time gets
        the staleness marker at `at_ms`, or right after that time where it is later. For groups whose writer is gone
        since an earlier process. Leaves: how many groups had such series. Raises StorageError."""
        return self._writer.end(lambda key: not key.startswith(PREFIX) and over(key), at_ms)

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        """The series that meet all matchers and have a sample in the closed interval, with those samples.

        Blocks are immutable snapshots. No two series of the answer have equal labels: a label set that lives in
        several groups is merged into a block of its own. A staleness marker counts as a sample. As long as a group's
        series do not change, equal matchers give blocks with the identical `labels` table."""
        return self._reader.select(matchers, start_ms, end_ms)

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """The label sets of those series, sorted."""
        return self._reader.series(matchers, start_ms, end_ms)

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """The label names of those series, sorted."""
        return self._reader.label_names(matchers, start_ms, end_ms)

    def label_values(self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """The values that one label has on those series, sorted."""
        return self._reader.label_values(name, matchers, start_ms, end_ms)

    def label_tables(self) -> list[LabelTable]:
        """The labels of all series in memory, a table for each group, all coded by the same symbols: what statistics
        of cardinality are made from."""
        with self._publishing:
            return [group.columns.view().table for group in self._head.groups.values()]

    def churn(self, most: int) -> Churned:
        """The metrics of which most series came and went lately, at most so many."""
        return self._writer.churn.lately(most)

    def exemplars(
        self, selectors: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int
    ) -> dict[Labels, list[Exemplar]]:
        """The exemplars in the closed interval of the series that meet all matchers of any selector, by series, each
        series' oldest first."""
        return self._head.exemplars.select(selectors, start_ms, end_ms)

    def keep_exemplars(self, exemplars: Sequence[Exemplar]) -> int:
        """Keeps examples, the newest so many; how many were taken. Raises StorageError."""
        return self.push.keep_exemplars(exemplars)

    def metadata(self) -> dict[str, Metadata]:
        """What senders said of metrics, by metric family."""
        return self._head.metadata.all()

    def tail(self, position: Position | None) -> Tail:
        """A reader of the log from this place on; None: of what comes from now on. What it has not read, or may have to
        read again, is kept as long as it is not closed, within WalOptions.unread_bytes."""
        tail = Tail(self._directory, lambda: self._wal.end, position)
        self._tails.add(tail)
        return tail

    def truncate(self, now_ms: int) -> None:
        """Drops samples older than the retention, and series and groups that are left without any, from memory; then,
        once the log has outgrown WalOptions.checkpoint_bytes and the last checkpoint, writes a checkpoint and deletes
        the segments it stands for. Then some old blocks are joined, where there are such. Raises StorageError when the
        disk does not take the checkpoint; the log stays."""
        with self._truncating:
            self._check_open()
            self._promised = None
            self._cut(now_ms)
            self._cut_blocks()
            if self._wal.nbytes >= max(self._options.checkpoint_bytes, self._checkpoint_bytes):
                self._checkpoint()
            with self._disk("delete segments of the log"), self._writer.writing:
                self._wal.tidy(self._unread())
            self._compactor.run()

    def delete(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> None:
        """Deletes the samples in the closed interval of the series that meet all matchers. Raises StorageError."""
        with self._stepping_in():
            self._check_open()
            with self._disk("mark samples in blocks as deleted"):
                delete(self._writer, self._blocks, self._verdicts, self._publishing, matchers, start_ms, end_ms)

    def clean(self) -> int:
        """Writes the blocks anew that hold deleted samples; how many. Raises StorageError."""
        with self._stepping_in():
            self._check_open()
            with self._disk("write a block"):
                return self._blocks.clean()

    def snapshot(self) -> str:
        """Writes a copy of everything to `snapshots/<name>` in the store's directory, which opens as a store of its
        own; its name. Raises StorageError."""
        with self._stepping_in():
            self._check_open()
            moment = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
            name = f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(8)}"
            with self._disk("write a snapshot"):
                with self._writer.writing:
                    sequence = self._wal.rotate()
                write_snapshot(self._directory, self._blocks, sequence, self._directory.path / "snapshots" / name)
            return name

    @contextmanager
    def _stepping_in(self) -> Generator[None]:
        """Nobody else changes blocks. A join that is at it, and may take minutes, is given up: its turn comes again."""
        with self._counting:
            self._waiting += 1
        try:
            with self._truncating:
                yield
        finally:
            with self._counting:
                self._waiting -= 1

    @contextmanager
    def _disk(self, what: str) -> Generator[None]:
        """What the disk says against it becomes a StorageError."""
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"cannot {what} in {self._directory.path}: {error.strerror or error}; free space or mend the disk, and "
                "try again"
            ) from error

    def sync(self) -> None:
        """Makes everything appended so far durable against a loss of power. Raises StorageError."""
        self._check_open()
        self._wal.sync()

    def close(self) -> None:
        """Flushes the log and gives the directory back. Appends fail from then on; closing twice is fine."""
        with self._stepping_in():
            if self._closed:
                return
            self._closed = True
            self._writer.close()
            self._wal.close()
            self._directory.close()

    def stats(self) -> TsdbStats:
        """Counters and gauges now."""
        counters = self._writer.counters
        with self._publishing:
            times = [group.columns.bounds_ms for group in self._head.groups.values()]
            bounds = [each for each in times if each is not None]
            return TsdbStats(
                groups=len(self._head.groups),
                series=self._head.series,
                symbols=len(self._head.symbols),
                symbol_bytes=self._head.symbol_bytes,
                head_bytes=self._head.head_bytes(),
                min_time_ms=min((low for low, _ in bounds), default=None),
                max_time_ms=max((high for _, high in bounds), default=None),
                samples_appended_total=counters.samples_appended,
                samples_refused_total=dict(counters.samples_refused),
                groups_refused_total=counters.groups_refused,
                series_created_total=counters.series_created,
                series_dropped_total=counters.series_dropped,
                series_refused_total=dict(self._writer.admission.refused),
                wal_bytes=self._wal.nbytes,
                wal_segments=self._wal.segments,
                wal_fsyncs_total=self._wal.fsyncs,
                wal_failures_total=self._wal.failures,
                checkpoint_bytes=self._checkpoint_bytes,
                checkpoints_total=counters.checkpoints,
                blocks=len(self._blocks.all()),
                block_bytes=self._blocks.nbytes,
                blocks_quarantined_total=self._blocks.quarantined,
                compactions_total=self._compactor.done,
                compactions_failed_total=self._compactor.failed,
                replay=self._replay,
            )

    def _cut(self, now_ms: int) -> None:
        """Drops what retention does not keep."""
        age = self._retention.age_ms
        cutoff_ms = None if age is None else now_ms - age
        with self._writer.writing:
            if cutoff_ms is not None:
                self._writer.cut(cutoff_ms, self._dropped)
            self._lanes.tidy()
        self._blocks.retain(cutoff_ms, self._retention.nbytes)

    def _cut_blocks(self) -> None:
        """Moves old samples from memory to blocks."""
        for _ in range(_BLOCKS_AT_ONCE):
            with self._publishing:
                times = [group.columns.bounds_ms for group in self._head.groups.values()]
                nbytes = self._head.head_bytes()
            bounds = [each for each in times if each is not None]
            if not bounds:
                return
            end_ms = window_end(min(low for low, _ in bounds), max(high for _, high in bounds), nbytes)
            if end_ms is None:
                return
            with self._disk("write a block"):
                cut_block(self._writer, self._blocks, self._publishing, end_ms, self._dropped)

    def _dropped(self, group: HeadGroup, keys: Sequence[bytes]) -> None:
        if group.key.startswith(PREFIX):
            self._lanes.forget(keys)

    def _oldest_ms(self) -> int:
        age = self._retention.age_ms
        return -MAX_TIME_MS if age is None else self._clock.now_ms() - age

    def _checkpoint(self) -> None:
        """Rotates the log, writes what memory holds at that moment, and deletes what came before."""
        try:
            with self._writer.writing:
                sequence = self._wal.rotate()
                with self._publishing:
                    snapshots = snapshots_of(self._head)
                aside = list(aside_records(self._head))
                retired, self._head.retired = self._head.retired, {}
            try:
                self._checkpoint_bytes = write_checkpoint(self._directory, sequence, self._head, snapshots, aside)
            except OSError:
                with self._writer.writing:
                    self._head.retired = retired | self._head.retired
                raise
            with self._writer.writing:
                self._wal.forget_before(sequence)
                self._wal.tidy(self._unread())
                self._writer.counters.checkpoints += 1
            for old in [each for each in self._directory.checkpoints() if each < sequence]:
                self._directory.checkpoint(old).unlink()
        except OSError as error:
            raise StorageError(
                f"cannot write a checkpoint in {self._directory.wal}: {error.strerror}; "
                "the log is kept as it is, and the next truncation tries again"
            ) from error

    def _unread(self) -> int | None:
        """The first segment that a reader still needs."""
        needed = [tail.needed.segment for tail in list(self._tails) if not tail.closed]
        return min(needed, default=None) if self._promised is None else min([self._promised, *needed])

    def _mend(self) -> None:
        """After damage: what can be served becomes the whole truth, so that the next start finds nothing amiss."""
        with self._truncating:
            try:
                self._checkpoint()
            except StorageError as error:
                _log.error("no checkpoint after the repair", error=str(error))

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("the metrics store is closed")
