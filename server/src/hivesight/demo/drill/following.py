"""One alert through a fault, as it goes on: when it was pending, firing and over, and who was told."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hivesight.alerting.config_receivers import Receiver
from hivesight.alerting.route import Route
from hivesight.demo.drill.faults import Fault
from hivesight.demo.drill.watching import Standing
from hivesight.doctor.drill import Kind, Problem, Subject, Telling
from hivesight.doctor.rehearsal import Delivery
from hivesight.model.labels import Labels
from hivesight.notify import listeners_of


@dataclass(slots=True, eq=False)
class Following:
    """Times in milliseconds since the epoch, None for what did not happen yet. external: labels that all alerts get.
    note: is handed what happens, in words. silent_since_ms: while it is inactive. was_silent: when the fault began. on:
    while what happens is of its fault. muted_by: the alerts that keep it from being told. error: of its last
    evaluation. own: labels with which its alerts come to the alerting. told, ended: the first delivery of each
    integration that says so."""

    subject: Subject
    fault: Fault
    telling: Telling
    external: Labels
    note: Callable[[str], None]
    silent_since_ms: int | None = None
    was_silent: bool = False
    on: bool = False
    begun_ms: int = 0
    healed_ms: int = 0
    pending_ms: int | None = None
    fired_ms: int | None = None
    over_ms: int | None = None
    muted_by: str = ""
    error: str = ""
    own: set[Labels] = field(default_factory=set[Labels])
    told: list[Delivery] = field(default_factory=list[Delivery])
    ended: list[Delivery] = field(default_factory=list[Delivery])
    problems: list[Problem] = field(default_factory=list[Problem])

    def begin(self, at_ms: int) -> None:
        """The fault begins."""
        self.begun_ms = at_ms
        self.was_silent = self.on = True

    def heal(self, at_ms: int) -> None:
        """The fault is over."""
        self.healed_ms = at_ms

    def finish(self) -> None:
        """What comes now is another's."""
        self.on = False

    def see(self, standing: Standing, at_ms: int) -> None:
        """How it stands at a moment."""
        silent = standing.evaluated and standing.state == "inactive"
        self.silent_since_ms = (self.silent_since_ms or at_ms) if silent else None
        self.error = standing.error
        if not self.on:
            return
        relabelled = (self.telling.relabelling.apply(self.external.merged(each)) for each in standing.labels)
        self.own.update(each for each in relabelled if each is not None)
        if standing.state == "pending" and self.pending_ms is None and self.fired_ms is None:
            self.pending_ms = at_ms
            self.note("pending")
        elif standing.state == "firing" and self.fired_ms is None:
            self.fired_ms = at_ms
            self.note("firing")
        elif silent and self.healed_ms and self.fired_ms is not None and self.over_ms is None:
            self.over_ms = at_ms
            self.note("resolved")

    def hear(self, delivery: Delivery) -> None:
        """What was said to a receiver; what is heard again is no news."""
        if not self.on or delivery.at_ms < self.begun_ms:
            return
        if any(map(delivery.tells_of, self.own)):
            self._heard(delivery, self.told, "told")
        if self.told and any(each.labels in self.own for each in delivery.resolved):
            self._heard(delivery, self.ended, "told that it is over")

    def hold(self, muted_by: str) -> None:
        """muted_by: the alerts that keep it from being told; empty where none do."""
        if muted_by and not self.muted_by:
            self.note(f"held back while {muted_by} fires")
        self.muted_by = muted_by

    def _heard(self, delivery: Delivery, so_far: list[Delivery], how: str) -> None:
        place = (delivery.receiver, delivery.integration)
        if place not in {(each.receiver, each.integration) for each in so_far}:
            so_far.append(delivery)
            failed = f", which failed: {delivery.error}" if delivery.error else ""
            self.note(f"{how}: {delivery.integration} of {delivery.receiver}{failed}")

    @property
    def routes(self) -> tuple[Route, ...]:
        """Those that take its alerts."""
        found = [route for labels in self.own for route in self.telling.tree.match(labels)]
        return tuple({route.index: route for route in found}.values())

    @property
    def all_told(self) -> bool:
        """Whether everybody who should hear did."""
        return self.fired_ms is not None and len(self.told) >= self.listeners()

    @property
    def unheard(self) -> bool:
        """Whether it fires under its fault, and somebody was not told yet."""
        return self.on and not self.healed_ms and self.fired_ms is not None and not self.all_told

    @property
    def told_or_held(self) -> bool:
        """Whether everybody who should hear did, or another alert keeps them from it."""
        return self.all_told or bool(self.muted_by)

    @property
    def all_ended(self) -> bool:
        """Whether everybody who wants to hear of the end did, of those who heard of the begin."""
        return self.over_ms is not None and (not self.told or len(self.ended) >= self.listeners(ends=True))

    def fail(self, kind: Kind, text: str) -> None:
        """Something is wrong."""
        self.problems.append(Problem(kind, text))
        self.note(text)

    @property
    def receivers(self) -> tuple[str, ...]:
        """Where its routes lead."""
        return tuple(dict.fromkeys(route.options.receiver for route in self.routes))

    def listeners(self, *, ends: bool = False) -> int:
        """How many integrations the receivers have; ends: of those that want to hear that it is over."""
        known: dict[str, Receiver] = {each.name: each for each in self.telling.config.receivers}
        listeners = (each for name in self.receivers for each in listeners_of(known[name]))
        return sum(each.send_resolved or not ends for each in listeners)
