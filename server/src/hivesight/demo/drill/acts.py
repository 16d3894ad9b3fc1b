"""Faults one after the other: for each, health is waited for, the fault is made, its alerts are followed until they
were told, it is healed, and they are followed to their end."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from hivesight.config import Config
from hivesight.demo import control
from hivesight.demo.drill.faults import Fault, fault_for
from hivesight.demo.drill.following import Following
from hivesight.demo.drill.judging import judged
from hivesight.demo.drill.waits import Waits
from hivesight.demo.drill.watching import Watch
from hivesight.doctor.drill import Drilled, RuleSet, Subject, Telling
from hivesight.doctor.rehearsal import Delivery
from hivesight.ingest.relabel import relabelling
from hivesight.model.clock import Clock
from hivesight.model.duration import format_duration
from hivesight.model.errors import StartError

POLL_SECONDS: Final = 0.25
START_MS: Final = 120_000
REMIND_MS: Final = 30_000
"""How often it is said what is waited for."""
_HEALTH: Final = "the reference hive at work"
_HEAL: Final = Fault("heal", "")


@dataclass(frozen=True, slots=True)
class Stage:
    """Where it is performed. config: what the server runs on. hive: the directory of the demo. deliveries: what was
    said so far; grows. say: is handed each line of progress."""

    config: Config
    url: str
    hive: Path
    deliveries: Sequence[Delivery]
    clock: Clock
    say: Callable[[str], None]


class Acts:
    """The whole of it, once."""

    def __init__(self, names: Collection[str], stage: Stage) -> None:
        """names: of alerts that there is a fault for."""
        self._stage = stage
        prometheus = stage.config.prometheus
        rules, overall = RuleSet(stage.config.rules), prometheus.global_
        relabelled = relabelling(prometheus.alerting.alert_relabel_configs)
        telling = Telling(stage.config.alertmanager, relabelled, stage.url)
        self._waits = Waits(rules, telling, overall.evaluation_interval_ms)
        self._all = [
            Following(each, fault, telling, overall.external_labels, partial(self._note, each))
            for each in rules.alerts
            if each.name in names and (fault := fault_for(each.name)) is not None
        ]
        self._begun_ms = 0

    async def perform(self) -> list[Drilled]:
        """What was found for each alert, in the order of the rules. Raises StartError, DemoError."""
        async with Watch(self._stage.url) as watch:
            self._watch = watch
            if not await self._at_work():
                raise StartError("the reference hive does not come to work: is this machine busy? Try again")
            for fault in dict.fromkeys(each.fault for each in self._all):
                await self._act(fault, [each for each in self._all if each.fault == fault])
        return [judged(each, _HEALTH) for each in self._all]

    async def _act(self, fault: Fault, cast: Sequence[Following]) -> None:
        """One fault, from health to health."""
        cast = await self._in_health(cast)
        if not cast:
            return
        self._begun_ms = self._now_ms
        self._stage.say(f"{await self._inject(fault)}, for {_names(cast)}")
        for each in cast:
            each.begin(self._begun_ms)
        within_ms = self._waits.firing_ms(cast) + self._waits.telling_ms
        await self._until(lambda: all(each.told_or_held for each in cast), within_ms, _names(cast))
        for each in cast:
            if each.fired_ms is None:
                why = f": {each.error}" if each.error else ""
                each.fail("fires", f"does not fire within {format_duration(within_ms)} of {fault}{why}")
        self._stage.say(await self._inject(_HEAL))
        for each in cast:
            each.heal(self._now_ms)
        fired = [each for each in cast if each.fired_ms is not None]
        within_ms = self._waits.over_ms(fired) + self._waits.telling_ms
        await self._until(lambda: all(each.all_ended for each in fired), within_ms, f"the end of {_names(fired)}")
        for each in cast:
            if each.fired_ms is not None and each.over_ms is None:
                each.fail("resolves", f"still fires {format_duration(within_ms)} after the fault is over")
            each.finish()

    async def _in_health(self, cast: Sequence[Following]) -> Sequence[Following]:
        """Waits until no alert is left from what was before. Those of the cast leave that are silent."""
        # One that never was silent is not waited for again.
        awaited = [each for each in self._all if not each.problems]
        quiet_ms = self._waits.quiet_ms(awaited)

        def silent(each: Following) -> bool:
            return each.silent_since_ms is not None and self._now_ms - each.silent_since_ms > quiet_ms

        within_ms = self._waits.over_ms(awaited) + quiet_ms
        await self._until(lambda: all(map(silent, awaited)), within_ms, "silence in health")
        for each in awaited:
            if not silent(each) and not each.begun_ms:
                each.fail("silent", f"is not silent in {format_duration(within_ms)} of health")
        return [each for each in cast if not each.problems]

    async def _at_work(self) -> bool:
        """Waits for the hive."""
        begun_ms = self._now_ms
        while not await self._watch.well():
            if self._now_ms - begun_ms > START_MS:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    async def _until(self, done: Callable[[], bool], within_ms: int, what: str) -> bool:
        """Looks on until it is so, or too late."""
        begun_ms = said_ms = self._now_ms
        while not done():
            if self._now_ms - begun_ms > within_ms:
                return False
            if self._now_ms - said_ms > REMIND_MS:
                said_ms = self._now_ms
                waited = format_duration((said_ms - begun_ms) // 1000 * 1000)
                self._stage.say(f"  waiting for {what}: {waited} of {format_duration(within_ms)} at most")
            await asyncio.sleep(POLL_SECONDS)
            await self._look()
        return True

    async def _look(self) -> None:
        standings = await self._watch.standing([each.subject for each in self._all])
        now_ms = self._now_ms
        for each in self._all:
            each.see(standings[each.subject], now_ms)
            for delivery in self._stage.deliveries:
                each.hear(delivery)
            if each.unheard and now_ms - (each.fired_ms or now_ms) > self._waits.until_held_ms:
                each.hold(await self._watch.muted_by(each.subject.name))

    def _note(self, subject: Subject, words: str) -> None:
        after = format_duration(max(0, self._now_ms - self._begun_ms) // 1000 * 1000)
        self._stage.say(f"  +{after:<8} {subject.name}: {words}" if self._begun_ms else f"  {subject.name}: {words}")

    async def _inject(self, fault: Fault) -> str:
        service = fault.service or None
        return await asyncio.to_thread(control.inject, self._stage.hive, fault.kind, service, fault.seconds)

    @property
    def _now_ms(self) -> int:
        return self._stage.clock.now_ms()


def _names(cast: Sequence[Following]) -> str:
    return ", ".join(each.subject.name for each in cast)
