"""All groups on their clocks. The only part of this room that knows an event loop; evaluations run in threads."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import structlog

from hivesight.model.labels import Labels
from hivesight.rules.evidence import Witness
from hivesight.rules.group import Group, Outside, RuleOptions
from hivesight.rules.schedule import Turn, due, first_slot, next_slot, offset_ms
from hivesight.rules.sections import RuleFile
from hivesight.rules.snapshot import RulesSnapshot, snapshot

_IDLE_SECONDS: Final = 60.0
_log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class _Slot:
    """A group and when it is due. running: the evaluation that is under way."""

    group: Group
    offset: int
    planned_ms: int
    running: "asyncio.Future[None] | None" = None


class RuleManager:
    """Holds the groups. `run` evaluates them until it is cancelled; `apply` may be called before and meanwhile."""

    def __init__(self, outside: Outside, executor: Executor) -> None:
        """executor: where evaluations run. Whoever hands it in shuts it down before the store that they write to."""
        self._outside = outside
        self._executor = executor
        self._slots: list[_Slot] = []
        self._changing = threading.Lock()
        self._started = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self.crashes = 0
        """Evaluations that ended in an error nobody foresaw."""

    def apply(self, files: Sequence[tuple[str, RuleFile]], options: RuleOptions) -> None:
        """Make these the groups. Groups that did not change go on untouched; others take over the state of rules with
        the same name and labels; series of rules that are gone are ended. The groups of the first call go on from
        what is remembered of the time before the process began. Waits for the rule that a changed group is just
        evaluating, so call it from a thread. Raises BadQuery or TemplateError for rules that were not read with
        `read_rules`; then nothing has changed."""
        with self._changing:
            now_ms = self._outside.clock.now_ms()
            old = {(slot.group.file, slot.group.config.name): slot for slot in self._slots}
            slots: list[_Slot] = []
            changed: list[tuple[Group, Group | None]] = []
            for file, rules in files:
                for config in rules.groups:
                    former = old.pop((file, config.name), None)
                    if former and former.group.config == config and former.group.options == options:
                        slots.append(former)
                        continue
                    group = Group(file, config, options, self._outside)
                    slots.append(self._slot(group, now_ms))
                    if former:
                        changed.append((former.group, group))
            changed += [(slot.group, None) for slot in old.values()]
            for group, successor in changed:
                group.retire(successor, now_ms)
            if not self._started:
                for slot in slots:
                    slot.group.restore()
            self._started = True
            self._slots = slots
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    def _slot(self, group: Group, now_ms: int) -> _Slot:
        offset = offset_ms(group.file, group.config.name, group.interval_ms)
        return _Slot(group, offset, first_slot(offset, group.interval_ms, now_ms))

    def snapshot(self) -> RulesSnapshot:
        """All groups, rules and alerts as they are now. From any thread."""
        return snapshot(self.groups)

    def witness(self, told_as: Callable[[Labels], Labels | None]) -> Witness:
        """Who tells what the rules said of an alert. told_as: under which labels a rule's alert is told."""
        return Witness(self.snapshot(), told_as, self._outside.history, self._outside.query)

    @property
    def groups(self) -> list[Group]:
        """The groups, whose figures any thread may read."""
        return [slot.group for slot in self._slots]

    async def run(self) -> None:
        """Evaluate every group when it is due, never one twice at a time, until cancelled."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._wake.clear()
                wait_seconds = self._start_due()
                # Not wait_for: in Python 3.11 it can swallow a cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_seconds):
                        await self._wake.wait()
        finally:
            self._loop = None

    def _start_due(self) -> float:
        """Start what is due; the seconds until the next group is."""
        now_ms = self._outside.clock.now_ms()
        next_ms = now_ms + int(_IDLE_SECONDS * 1000)
        for slot in self._slots:
            if slot.running is not None:
                continue
            slot.planned_ms = self._mended(slot, now_ms)
            turn = due(slot.planned_ms, slot.group.interval_ms, now_ms)
            if turn is None:
                next_ms = min(next_ms, slot.planned_ms)
            else:
                self._start(slot, turn)
        return max(0.001, (next_ms - now_ms) / 1000)

    def _mended(self, slot: _Slot, now_ms: int) -> int:
        """The planned time, or a new one where the clock was set back."""
        interval = slot.group.interval_ms
        return next_slot(slot.planned_ms - interval, slot.offset, interval, now_ms)

    def _start(self, slot: _Slot, turn: Turn) -> None:
        assert self._loop is not None
        slot.planned_ms = turn.at_ms + slot.group.interval_ms
        if turn.missed:
            slot.group.missed(turn.missed)
        slot.running = self._loop.run_in_executor(self._executor, self._evaluate, slot.group, turn.at_ms)
        slot.running.add_done_callback(lambda _: self._finished(slot))

    def _finished(self, slot: _Slot) -> None:
        slot.running = None
        self._wake.set()

    def _evaluate(self, group: Group, at_ms: int) -> None:
        """In a thread: one group must not end the clock of all."""
        try:
            group.evaluate(at_ms)
        except Exception:  # noqa: BLE001 (the supervising loop: logged and counted)
            self.crashes += 1
            _log.exception("rule group crashed", file=group.file, group=group.config.name)
