"""`hivesight drill --demo`: real faults in the reference hive instead of series that are made up."""

from collections.abc import Sequence
from dataclasses import dataclass

import click

from hivesight.config import Config
from hivesight.demo.drill import Play, fault_for, hurried, perform
from hivesight.doctor.drill import Drilled

_CUT = """\
hurried: scrapes and evaluations each second, for, group_wait, group_interval and ranges cut to seconds; what is
said of times holds for that alone"""


@dataclass(frozen=True, slots=True)
class Played:
    """drilled: what was found. others: the names of the alerts that no fault of the hive brings about. remarks: what is
    to be said beside it."""

    drilled: Sequence[Drilled]
    others: Sequence[str]

    def lines(self) -> list[str]:
        """What follows the table."""
        return [f"not by the demo, `hivesight drill RULE` shows it: {', '.join(self.others)}"] if self.others else []


def play(config: Config, names: Sequence[str], *, hurry: bool) -> Played:
    """Drills the alerts of these names for real, with progress on standard error. Raises UsageError where there is a
    fault for none of them, and what `perform` raises."""
    known = [name for name in dict.fromkeys(names) if fault_for(name) is not None]
    others = [name for name in dict.fromkeys(names) if fault_for(name) is None]
    if not known:
        raise click.UsageError(f"no fault of the demo brings about {', '.join(others)}: drill it without --demo")
    if hurry:
        click.echo(_CUT, err=True)
    drilled = perform(known, Play(config, hurried if hurry else _as_written, lambda line: click.echo(line, err=True)))
    return Played(drilled, others)


def _as_written(config: Config) -> Config:
    return config
