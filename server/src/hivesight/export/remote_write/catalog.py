"""The series of the log as the receiver shall know them: numbers of rows in, numbers of series out.

Labels are made once for a series, when the log defines it: external labels, then `write_relabel_configs`."""

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.export.remote_write.message import Message
from hivesight.export.remote_write.version1 import spelled_labels
from hivesight.ingest.relabel import Relabelling
from hivesight.model.labels import Labels
from hivesight.storage.tsdb.codec import Numbers, SeriesDefinition

UNKNOWN: Final = -1
"""The log defines no such series, or the part that did is gone."""
DROPPED: Final = -2
"""Relabelling dropped the series."""


class Catalog:
    """spelled: of each series. places: uint32, a number that depends on the labels alone, by which shards are chosen;
    its equals in another process are equal."""

    def __init__(self, external: Labels, rules: Relabelling, message: Message) -> None:
        self.spelled: list[bytes] = []
        self._external = dict(external.pairs)
        self._rules = rules
        self._message = message
        self._groups: dict[int, NDArray[np.int32]] = {}
        self._places: NDArray[np.uint32] = np.zeros(1024, dtype=np.uint32)

    @property
    def places(self) -> NDArray[np.uint32]:
        return self._places[: len(self.spelled)]

    def define(self, definition: SeriesDefinition) -> None:
        """Takes new series in."""
        if not len(definition.numbers):
            return
        texts = list(definition.texts)
        codes: list[tuple[int, int]] = definition.pairs.tolist()
        pairs = [(texts[name], texts[value]) for name, value in codes]
        found: list[int] = []
        at = 0
        for count in definition.label_counts.tolist():
            found.append(self._number(pairs[at : at + count]))
            at += count
        known = self._room(definition.group, int(definition.numbers[-1]) + 1)
        known[definition.numbers] = found

    def refs(self, group: int, numbers: Numbers) -> NDArray[np.int32]:
        """The series of these rows; UNKNOWN or DROPPED where there is none."""
        known = self._groups.get(group)
        if known is None:
            return np.full(len(numbers), UNKNOWN, dtype=np.int32)
        if len(numbers) and numbers[-1] >= len(known):
            known = self._room(group, int(numbers[-1]) + 1)
        return known[numbers]

    def relabelled(self, labels: Labels) -> Labels | None:
        """The labels that the receiver is told; None where relabelling drops them."""
        whole = Labels({**self._external, **labels}) if self._external else labels
        return self._rules.apply(whole) if self._rules.steps else whole

    def _number(self, pairs: list[tuple[str, str]]) -> int:
        labels = self.relabelled(Labels.of_sorted(tuple(pairs)))
        if labels is None:
            return DROPPED
        number = len(self.spelled)
        if number == len(self._places):
            self._places = np.concatenate((self._places, np.zeros_like(self._places)))
        self.spelled.append(self._message.spell(labels))
        self._places[number] = place(labels)
        return number

    def _room(self, group: int, rows: int) -> NDArray[np.int32]:
        known = self._groups.get(group)
        if known is None or rows > len(known):
            grown = np.full(max(rows, 2 * (0 if known is None else len(known))), UNKNOWN, dtype=np.int32)
            if known is not None:
                grown[: len(known)] = known
            known = self._groups[group] = grown
        return known


def place(labels: Labels) -> int:
    """See Catalog.places."""
    return zlib.crc32(spelled_labels(labels))
