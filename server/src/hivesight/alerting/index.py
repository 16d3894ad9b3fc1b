"""Finding, among many lists of matchers, those that a label set meets, without trying each of them."""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Final, Generic, TypeVar

from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType, all_match

T = TypeVar("T")


class MatcherIndex(Generic[T]):
    """Things with matchers, each filed under that label value, of those that its matchers demand, under which fewest
    are filed already; what demands none is tried always."""

    def __init__(self, things: Iterable[tuple[tuple[Matcher, ...], T]] = ()) -> None:
        self._filed: dict[tuple[str, str], list[tuple[int, tuple[Matcher, ...], T]]] = {}
        self._rest: list[tuple[int, tuple[Matcher, ...], T]] = []
        self._count = 0
        for matchers, thing in things:
            self.add(matchers, thing)

    def add(self, matchers: tuple[Matcher, ...], thing: T) -> None:
        """One more, the last in order."""
        demanded = _demanded(matchers)
        place = self._rest
        if demanded:
            rarest = min(demanded, key=lambda pair: len(self._filed.get(pair, ())))
            place = self._filed.setdefault(rarest, [])
        place.append((self._count, matchers, thing))
        self._count += 1

    def matching(self, labels: Labels) -> list[T]:
        """The things whose matchers these labels meet, in their order."""
        found = [each for each in self._rest if all_match(each[1], labels)]
        for pair in labels.pairs:
            found += [each for each in self._filed.get(pair, ()) if all_match(each[1], labels)]
        return [thing for _, _, thing in sorted(found, key=itemgetter(0))] if found else []


def meets(matchers: Sequence[Matcher]) -> Callable[[Labels], bool]:
    """`all_match` of these matchers, for very many label sets: values that are demanded are compared first."""
    pairs, rest = _demanded(matchers), [each for each in matchers if each.type is not MatchType.EQUAL or not each.value]

    def met(labels: Labels) -> bool:
        for pair in pairs:
            if pair not in labels.pairs:
                return False
        return not rest or all_match(rest, labels)

    return met


def _demanded(matchers: Sequence[Matcher]) -> list[tuple[str, str]]:
    return [(each.name, each.value) for each in matchers if each.type is MatchType.EQUAL and each.value]


fingerprint: Final = Labels.fingerprint
"""What the room files alerts under."""
