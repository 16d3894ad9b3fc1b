"""Joins the blocks of a store in the background, one join at a time; what fails is left for later and never stands in
the way of the rest."""

import shutil
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.model.clock import Clock
from hivesight.storage.tsdb.block.block import Block
from hivesight.storage.tsdb.blocks import Blocks
from hivesight.storage.tsdb.compaction.planning import candidates, spans

_log: FilteringBoundLogger = structlog.get_logger(__name__)

_RETRY_SECONDS: Final = 3600.0


class Stopped(Exception):
    """Somebody who waits for the blocks goes first."""


class Compactor:
    """done, failed: how many joins there were."""

    def __init__(self, blocks: Blocks, retention_ms: int | None, clock: Clock, stopping: Callable[[], bool]) -> None:
        self.done = self.failed = 0
        self._blocks = blocks
        self._spans = spans(retention_ms)
        self._clock = clock
        self._stopping = stopping
        self._resting: dict[frozenset[str], float] = {}
        """Blocks whose join failed lately, and when it may be tried again."""

    def run(self) -> bool:
        """Joins what is most pressing; whether there was something. The caller lets no block be written, removed or
        deleted from meanwhile."""
        now = self._clock.monotonic()
        self._resting = {names: until for names, until in self._resting.items() if until > now}
        blocks = self._blocks.all()
        for places in candidates([each.meta for each in blocks], self._spans):
            chosen = [blocks[each] for each in places]
            if frozenset(each.path.name for each in chosen) not in self._resting:
                return self._join(chosen)
        return False

    def _join(self, chosen: Sequence[Block]) -> bool:
        before = sum(each.meta.nbytes for each in chosen)
        names = frozenset(each.path.name for each in chosen)
        began = time.monotonic()
        try:
            free = shutil.disk_usage(chosen[0].path).free
            if free < 2 * before:
                raise OSError(f"it may take {before} bytes on the disk, of which {free} are free")
            new = self._blocks.rewrite(chosen, self._check)
        except Stopped:
            return False
        except (OSError, ValueError) as error:
            self.failed += 1
            self._resting[names] = self._clock.monotonic() + _RETRY_SECONDS
            _log.error("blocks cannot be joined, it is tried again in an hour", blocks=len(chosen), reason=str(error))
            return True
        if new is None:
            self.failed += 1
            self._resting[names] = self._clock.monotonic() + _RETRY_SECONDS
            return True
        self.done += 1
        _log.info(
            "blocks joined",
            blocks=len(chosen),
            samples=new.samples,
            bytes_before=before,
            bytes_after=new.nbytes,
            seconds=round(time.monotonic() - began, 3),
        )
        return True

    def _check(self) -> None:
        if self._stopping():
            raise Stopped
