"""A small world for rules: the real store and the real engine, a clock that is set by hand, and who hears of alerts."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hivesight.model.alert import Alert
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.series import STALE, is_absent, is_stale
from hivesight.query.promql import Engine
from hivesight.rules import RuleFile, RuleOptions, read_rules
from hivesight.rules.group import Group, Outside
from hivesight.storage.labelled import LabelledWriter
from hivesight.storage.tsdb import Limits, Tsdb

OPEN: list["World"] = []
"""What a test opened; closed at its end."""
T0 = 1_700_000_000_000


@dataclass
class SetClock:
    """A clock that stands still."""

    ms: int = T0

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000


@dataclass
class World:
    """One process over a directory; another World over the same directory is the process after a restart."""

    directory: Path
    clock: SetClock = field(default_factory=SetClock)
    sent: list[Alert] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Tsdb.open(self.directory, clock=self.clock, retention_ms=None, limits=Limits())
        OPEN.append(self)
        self.engine = Engine(self.store)
        self.outside = Outside(
            query=self.engine.instant,
            sink=LabelledWriter(self.store),
            history=self.store,
            send=self.sent.extend,
            clock=self.clock,
        )

    def close(self) -> None:
        self.store.close()

    def group(self, text: str, options: RuleOptions | None = None) -> Group:
        """The first group of a rule file."""
        return Group("rules.yml", rule_file(text).groups[0], options or RuleOptions(), self.outside)

    def feed(self, at_ms: int, values: dict[str, float | None]) -> None:
        """One sample for each series (`name{label="value"}` without quotes' contents escaped); None ends it."""
        sink = LabelledWriter(self.store)
        labels = [parse_series(text) for text in values]
        array = np.array([STALE if value is None else value for value in values.values()])
        sink.write("input", at_ms, labels, array)

    def at(self, query: str, at_ms: int) -> dict[str, float]:
        """An instant query's answer as text -> value."""
        return {str(labels): value for labels, value in self.engine.instant(query, at_ms).value.rows()}

    def stored(self, name: str) -> dict[str, list[tuple[int, float | None]]]:
        """Every sample of a metric in seconds since T0; None is the mark of an end."""
        found: dict[str, list[tuple[int, float | None]]] = {}
        for block in self.store.select([Matcher("__name__", MatchType.EQUAL, name)], 0, 2 * T0):
            for row in range(len(block.labels)):
                values = np.ascontiguousarray(block.values[row])
                ended, absent = is_stale(values), is_absent(values)
                series = found.setdefault(str(block.labels.labels(row).without("__name__")), [])
                for index in range(len(values)):
                    if not absent[index]:
                        value = None if ended[index] else float(values[index])
                        series.append(((int(block.times[index]) - T0) // 1000, value))
        return {key: sorted(value, key=lambda each: each[0]) for key, value in found.items()}


def rule_file(text: str) -> RuleFile:
    source = read_rules(text, "rules.yml")
    assert source.file is not None, [each.render(text) for each in source.diagnostics]
    return source.file


def parse_series(text: str) -> Labels:
    """`x{a=1,b=2}` as labels."""
    name, _, rest = text.partition("{")
    pairs = [pair.split("=") for pair in rest.rstrip("}").split(",") if pair]
    return Labels({"__name__": name, **dict(pairs)})
