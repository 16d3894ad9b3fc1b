"""The blocks on disk of one store: found at the start, asked together, removed by age and size. A damaged one is set
aside with a line in the log, and the rest is served."""

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.model.matcher import Matcher
from hivesight.model.series import SeriesBlock
from hivesight.model.symbols import LabelTable
from hivesight.storage.tsdb.backfill.staging import settle
from hivesight.storage.tsdb.block.block import Block
from hivesight.storage.tsdb.block.errors import BlockDamaged, BlockTooNew
from hivesight.storage.tsdb.block.meta import BlockMeta
from hivesight.storage.tsdb.block.shared import Shared
from hivesight.storage.tsdb.block.write import remove_block, remove_temporary, write_block
from hivesight.storage.tsdb.compaction.merge import merged
from hivesight.storage.tsdb.directory import Directory, sync_directory

_log: FilteringBoundLogger = structlog.get_logger(__name__)

_Found = TypeVar("_Found")


def block_name(meta: BlockMeta) -> str:
    """A name that no other block has."""
    return f"{meta.min_ms}-{meta.max_ms}-{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What stands in the place of some blocks; nothing where all of it was deleted."""

    samples: int
    nbytes: int


class Blocks:
    """Any thread may ask; one at a time changes which blocks there are."""

    def __init__(self, directory: Directory, shared: Shared) -> None:
        """Opens every block. Raises OSError where the directory of blocks itself cannot be read."""
        self.quarantined = 0
        self._directory = directory
        self._shared = shared
        self._lock = threading.Lock()
        self._blocks: tuple[Block, ...] = ()
        self._find()

    def _find(self) -> None:
        directory = self._directory
        directory.blocks.mkdir(exist_ok=True)
        remove_temporary(directory.blocks)
        settle(directory)
        for path in sorted(directory.blocks.iterdir()):
            if path.is_dir():
                self._open(path)
            else:
                _log.error("no block: left where it is and not served", path=str(path))
        replaced = {name for block in self._blocks for name in block.replaces}
        # A crash came between the new block and the end of the old one.
        self.remove(block for block in self._blocks if block.path.name in replaced)

    def all(self) -> tuple[Block, ...]:
        """The blocks there are, oldest first."""
        return self._blocks

    @property
    def nbytes(self) -> int:
        """Bytes of all of them on the disk."""
        return sum(block.meta.nbytes for block in self._blocks)

    def write(self, sources: Iterable[SeriesBlock], replaces: Sequence[Block] = ()) -> Block | None:
        """Writes a block and opens it; None where there is no sample. `publish` shows it. Raises OSError."""
        temporary = self._directory.blocks / f"new-{secrets.token_hex(8)}"
        meta = write_block(temporary, sources, self._replaced(replaces))
        if meta is None:
            return None
        path = self._directory.blocks / block_name(meta)
        temporary.rename(path)
        sync_directory(self._directory.blocks)
        try:
            return Block.open(path, self._shared)
        except BaseException:
            # At the next start it would take the place of blocks that were changed since.
            remove_block(path)
            raise

    def _replaced(self, blocks: Sequence[Block]) -> list[str]:
        """The names of blocks, and of those that they replaced and that could not be deleted."""
        older = [name for each in blocks for name in each.replaces if (self._directory.blocks / name).exists()]
        return [*(each.path.name for each in blocks), *older]

    def publish(self, block: Block) -> None:
        """Shows a new block to readers."""
        self._swap((), (block,))

    def remove(self, blocks: Iterable[Block]) -> int:
        """Deletes blocks; how many. Readers that are at it go on: their files stay until they are done."""
        gone = list(blocks)
        self._swap(gone, ())
        return len(gone)

    def _swap(self, old: Sequence[Block], new: Sequence[Block]) -> None:
        """Readers see either the old blocks or the new ones. The old are deleted."""
        with self._lock:
            left = [each for each in self._blocks if each not in old]
            self._blocks = tuple(sorted((*left, *new), key=lambda each: each.meta.min_ms))
        for block in old:
            remove_block(block.path)

    def retain(self, cutoff_ms: int | None, max_bytes: int | None) -> int:
        """Deletes the blocks without a sample since the cutoff, and the oldest while all of them are larger than
        max_bytes; how many."""
        old = [each for each in self._blocks if cutoff_ms is not None and each.meta.max_ms < cutoff_ms]
        left = [each for each in self._blocks if each not in old]
        nbytes = sum(each.meta.nbytes for each in left)
        while max_bytes is not None and left and nbytes > max_bytes:
            nbytes -= left[0].meta.nbytes
            old.append(left.pop(0))
        return self.remove(old)

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        """What all blocks answer, oldest first; a series is in many parts."""
        return self._asked(start_ms, end_ms, lambda block: block.select(matchers, start_ms, end_ms))

    def tables(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[LabelTable]:
        """The labels of that."""
        return self._asked(start_ms, end_ms, lambda block: block.tables(matchers, start_ms, end_ms))

    def delete(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> None:
        """Marks samples as deleted. Raises OSError."""
        for block in self._blocks:
            if block.meta.min_ms <= end_ms and block.meta.max_ms >= start_ms:
                block.delete(matchers, start_ms, end_ms)

    def clean(self) -> int:
        """Writes the blocks anew that have deletions; how many. The caller lets no deletion in. Raises OSError."""
        marked = [each for each in self._blocks if each.deletions]
        for block in marked:
            self.rewrite([block])
        return len(marked)

    def rewrite(self, old: Sequence[Block], check: Callable[[], None] = lambda: None) -> Rewritten | None:
        """Puts one block in the place of some, oldest first, without what was deleted. None where one of them is
        damaged: it is set aside, and the others stay. check: see `merged`. The caller lets no deletion in and no block
        be removed. Raises OSError, and ValueError where the index would be too large; then nothing has changed."""
        try:
            new = self.write(merged(old, check), old)
        except BlockDamaged as error:
            for block in old:
                if error.path is not None and block.path in (error.path, *error.path.parents):
                    self._set_aside(block, error)
            return None
        self._swap(old, () if new is None else (new,))
        return Rewritten(0, 0) if new is None else Rewritten(new.meta.samples, new.meta.nbytes)

    def _asked(self, start_ms: int, end_ms: int, ask: Callable[[Block], list[_Found]]) -> list[_Found]:
        found: list[_Found] = []
        for block in self._blocks:
            if block.meta.min_ms > end_ms or block.meta.max_ms < start_ms:
                continue
            try:
                found += ask(block)
            except BlockDamaged as error:
                self._set_aside(block, error)
        return found

    def _open(self, path: Path) -> None:
        try:
            self.publish(Block.open(path, self._shared))
        except BlockDamaged as error:
            self._quarantine(path, error)
        except BlockTooNew as error:
            _log.error("block of a later version is left where it is and not served", path=str(path), reason=str(error))
        except OSError as error:
            # It may be sound: who mends the disk or the permissions has it back at the next start.
            _log.error("block cannot be read, is left where it is and not served", path=str(path), reason=str(error))

    def _set_aside(self, block: Block, error: BlockDamaged) -> None:
        with self._lock:
            if block not in self._blocks:
                return
            self._blocks = tuple(each for each in self._blocks if each is not block)
        self._quarantine(block.path, error)

    def _quarantine(self, path: Path, error: BlockDamaged) -> None:
        self.quarantined += 1
        aside = self._directory.quarantine / f"{path.name}-{secrets.token_hex(4)}"
        try:
            self._directory.quarantine.mkdir(exist_ok=True)
            path.rename(aside)
        except OSError as failure:
            _log.error("damaged block cannot be set aside", path=str(path), reason=str(error), error=str(failure))
            return
        _log.error("damaged block is set aside, the rest is served", quarantine=str(aside), reason=str(error))
