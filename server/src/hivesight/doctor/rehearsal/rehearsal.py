"""The alerting room and the pipeline of notification on a clock that is set by hand. Everything is the server's own but
the addresses of the receivers; nothing sleeps."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import fields, replace
from types import TracebackType
from typing import Final, Self

from prometheus_client import CollectorRegistry

from hivesight.alerting import Alerting, AlertingMetrics, Tables
from hivesight.alerting.config import ConfigFile
from hivesight.alerting.index import fingerprint
from hivesight.alerting.journal import What
from hivesight.alerting.table import MemoryTable
from hivesight.doctor.rehearsal.collector import Collector
from hivesight.doctor.rehearsal.delivery import Delivery, Held
from hivesight.doctor.rehearsal.redirect import redirected
from hivesight.doctor.rehearsal.witness import Witness
from hivesight.model.alert import Alert
from hivesight.model.clock import SetClock
from hivesight.notify import History, NotifyMetrics, build_pipeline
from hivesight.notify.notification import Integration
from hivesight.notify.retry import Patience

_HELD: Final = (What.INHIBITED, What.TIME_INTERVAL, What.SILENCED)
# What fails here would fail again: a wait without an end is not begun.
_NO_SECOND_TRY: Final = Patience(chance=lambda: math.inf)


class Rehearsal:
    """A context manager. Alerts enter by `put`; `deliveries` and `held_back` tell what became of them so far. It runs a
    loop of asyncio of its own, so call it where none runs. Not thread-safe."""

    def __init__(self, file: ConfigFile, start_ms: int, *, external_url: str = "http://localhost:9640") -> None:
        """file: an Alertmanager configuration. start_ms: since the epoch. external_url: for links in messages. Raises
        ConfigError, also for templates that cannot be parsed."""
        self.deliveries: list[Delivery] = []
        """In the order of their times; those of one time as their receivers stand in the file."""
        tables = Tables(*(MemoryTable() for _ in fields(Tables)))
        self._clock = SetClock(start_ms)
        self._collector = Collector()
        self._alerting = Alerting(tables, self._clock, AlertingMetrics(CollectorRegistry()))
        self._told: list[tuple[int, Delivery]] = []
        self._runner = asyncio.Runner()
        try:
            self._runner.run(self._open(file, external_url))
        except BaseException:
            self._runner.run(self._collector.close())
            self._runner.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._runner.run(self._close())
        finally:
            self._runner.close()

    @property
    def now_ms(self) -> int:
        """How late it is."""
        return self._clock.ms

    def put(self, alerts: Sequence[Alert], at_ms: int) -> None:
        """Take alerts in, as rules send them, at this time; what was due before is told before."""
        self.advance_to(at_ms)
        if alerts:
            self._alerting.put(alerts)

    def advance_to(self, at_ms: int) -> None:
        """Let time go by: what is due until then, that moment included, is told. Time does not go back."""
        self._runner.run(self._advance(max(at_ms, self._clock.ms)))

    def held_back(self) -> list[Held]:
        """What kept alerts from being told so far, in the order in which it began."""
        journal = self._alerting.journal
        stories = filter(None, (journal.story(fingerprint(labels)) for labels in journal.labels()))
        held = [
            Held(story.labels, span.fate.receiver, span.fate.what, span.fate.why, span.first_ms, span.last_ms)
            for story in stories
            for span in story.spans
            if span.fate.what in _HELD
        ]
        return sorted(held, key=lambda each: (each.first_ms, each.labels, each.receiver))

    async def _open(self, file: ConfigFile, external_url: str) -> None:
        await self._collector.open()
        file = redirected(file, self._collector)
        assert file.config is not None, "a file that was redirected has no errors"
        numbers = {each.name: number for number, each in enumerate(file.config.receivers)}
        mailing = asyncio.Lock()

        def witnessed(one: Integration) -> Integration:
            number = numbers[one.receiver]
            witness = Witness(
                one, number, self._collector, self._clock, mailing, lambda each: self._told.append((number, each))
            )
            return replace(one, notifier=witness)

        pipeline = build_pipeline(
            file,
            muter=self._alerting,
            log=self._alerting.log,
            journal=self._alerting.journal,
            history=History(MemoryTable()),
            metrics=NotifyMetrics(CollectorRegistry()),
            clock=self._clock,
            external_url=external_url,
            patience=_NO_SECOND_TRY,
            dressed=witnessed,
        )
        self._pipeline = pipeline
        self._alerting.apply(file.config, pipeline)

    async def _advance(self, to_ms: int) -> None:
        while True:
            wait_ms = self._alerting.start_due()
            await self._alerting.settled()
            self._told.sort(key=lambda each: (each[0], each[1].integration, each[1].group_labels))
            self.deliveries += [delivery for _, delivery in self._told]
            self._told.clear()
            if self._clock.ms + wait_ms > to_ms:
                break
            self._clock.ms += wait_ms
        self._clock.ms = to_ms

    async def _close(self) -> None:
        await self._pipeline.close()
        await self._collector.close()
