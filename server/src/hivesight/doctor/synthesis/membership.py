"""The groups of an aggregation: which series one has, and how it comes to have more."""

from typing import TYPE_CHECKING, Final

from hivesight.doctor.synthesis.growth import grow, revive
from hivesight.doctor.synthesis.stage import Constraint, Element, Moments
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.model.labels import Labels
from hivesight.query.promql.ast import Aggregate

if TYPE_CHECKING:
    from hivesight.doctor.synthesis.search import Search

MAX_COUNT: Final = 60
"""Series that are invented so that a count is large enough."""


def members(search: "Search", node: Aggregate, inner: Constraint, moments: Moments) -> list[Element]:
    """The series of one group, of those that meet a constraint."""
    found = [each for each in search.stage.elements(node.expr, inner, moments) if each.whole]
    keys = list(dict.fromkeys(_key(node, each.labels) for each in found))
    if not keys:
        return []
    key = keys[search.pick(len(keys))]
    return [each for each in found if _key(node, each.labels) == key]


def enough(search: "Search", node: Aggregate, found: list[Element], count: int, moments: Moments) -> list[Element]:
    """The series of the group that has those which were found, `count` at least. Raises Stuck where there cannot be
    more."""
    if count > MAX_COUNT:
        raise Stuck(f"{count} series would be needed")
    key = _key(node, found[0].labels)
    while len(found) < count:
        revived = revive(search.stage, fault=search.stage.is_fault(moments))
        if not revived:
            grow(search.stage, search.fixed, node.grouping, without=node.without)
        now = search.stage.elements(node.expr, {}, moments)
        grown = [each for each in now if each.whole and _key(node, each.labels) == key]
        if len(grown) <= len(found) and not revived:
            raise Stuck(f"{count} series of one group would be needed")
        found = grown or found
    return found


def _key(node: Aggregate, labels: Labels) -> Labels:
    return labels.without(*node.grouping) if node.without else labels.only(node.grouping)
