"""Finding, among many lists of matchers, those that a label set meets, without trying each of them."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Generic, TypeVar

from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType, all_match

T = TypeVar("T")


class MatcherIndex(Generic[T]):
    """Things with matchers, filed under the rarest label value that one of their matchers demands; what demands none
    is tried always. Immutable."""

    def __init__(self, things: Iterable[tuple[tuple[Matcher, ...], T]]) -> None:
        listed = list(things)
        demanded = [_demanded(matchers) for matchers, _ in listed]
        counts = Counter(pair for pairs in demanded for pair in pairs)
        self._filed: dict[tuple[str, str], list[tuple[int, tuple[Matcher, ...], T]]] = {}
        self._rest: list[tuple[int, tuple[Matcher, ...], T]] = []
        for number, ((matchers, thing), pairs) in enumerate(zip(listed, demanded, strict=True)):
            place = self._filed.setdefault(min(pairs, key=counts.__getitem__), []) if pairs else self._rest
            place.append((number, matchers, thing))

    def matching(self, labels: Labels) -> list[T]:
        """The things whose matchers these labels meet, in their order."""
        found = [each for each in self._rest if all_match(each[1], labels)]
        for pair in labels.pairs:
            found += [each for each in self._filed.get(pair, ()) if all_match(each[1], labels)]
        return [thing for _, _, thing in sorted(found, key=lambda each: each[0])]


def _demanded(matchers: tuple[Matcher, ...]) -> list[tuple[str, str]]:
    return [(each.name, each.value) for each in matchers if each.type is MatchType.EQUAL and each.value]


@lru_cache(maxsize=100_000)
def fingerprint(labels: Labels) -> str:
    """`Labels.fingerprint`, worked out once for alerts that come again and again."""
    return labels.fingerprint()
