"""Which silences have matchers that a label set meets, remembered: asked for every alert at every flush."""

from typing import Final

from hivesight.alerting.index import MatcherIndex
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, all_match

_FEW: Final = 8
"""So many silences are tried one by one sooner than looked up."""


class SilenceMatches:
    """Silences are added and never change their matchers, so what was found for a label set once stays found, and only
    those that came since are tried. Not thread-safe."""

    def __init__(self) -> None:
        self._added: list[tuple[tuple[Matcher, ...], str]] = []
        self._index: MatcherIndex[str] = MatcherIndex()
        self._found: dict[Labels, tuple[int, tuple[str, ...]]] = {}
        """By label set: how many silences were there when it was asked for last, and those that matched, by id."""

    def add(self, matchers: tuple[Matcher, ...], id_: str) -> None:
        self._added.append((matchers, id_))
        self._index.add(matchers, id_)

    def of(self, labels: Labels) -> tuple[str, ...]:
        """The ids of the silences that match, in the order in which they were added."""
        seen, ids = self._found.get(labels, (0, ()))
        count = len(self._added)
        if seen < count:
            if count - seen > _FEW:
                ids = tuple(self._index.matching(labels))
            else:
                ids += tuple([id_ for matchers, id_ in self._added[seen:] if all_match(matchers, labels)])
            self._found[labels] = count, ids
        return ids

    def forget(self, more_than: int) -> None:
        """Drop what is remembered where that is for more label sets than these: most of them are gone."""
        if len(self._found) > more_than:
            self._found.clear()
