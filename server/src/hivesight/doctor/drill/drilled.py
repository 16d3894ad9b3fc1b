"""What a drill found about one alerting rule."""

from dataclasses import dataclass
from typing import Literal

from hivesight.doctor.drill.hearing import Hearing
from hivesight.doctor.drill.subject import Subject


@dataclass(frozen=True, slots=True)
class Passage:
    """One fault that an alert was put through. origin: where its series are from. Times since the epoch of the trial,
    None for what did not happen: begun_ms, healed_ms: of the fault, or where it is there from the start, of the trial.
    hearing: None where it did not fire."""

    origin: str
    begun_ms: int
    healed_ms: int
    pending_ms: int | None = None
    fired_ms: int | None = None
    over_ms: int | None = None
    hearing: Hearing | None = None

    @property
    def fires_after_ms(self) -> int | None:
        """Since the fault began."""
        return None if self.fired_ms is None else self.fired_ms - self.begun_ms

    @property
    def over_after_ms(self) -> int | None:
        """Since the fault ended."""
        return None if self.over_ms is None else self.over_ms - self.healed_ms


Kind = Literal["fires", "silent", "resolves", "receivers", "doctor"]
"""What is wrong; the last: what the doctor says of a rule whose series were made from it."""


@dataclass(frozen=True, slots=True)
class Problem:
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Drilled:
    """always: its condition holds whatever is measured, so that it is neither silent nor over. health: the trials in
    which it was silent, by origin. problems: what is wrong, each with what to do; empty where all is well."""

    subject: Subject
    passages: tuple[Passage, ...] = ()
    health: tuple[str, ...] = ()
    always: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problems

    @property
    def first(self) -> Passage | None:
        """The passage that stands for all: the first that fired."""
        return next((each for each in self.passages if each.hearing is not None), None)
