"""In which order rules are evaluated over the whole time, and how early each begins: what a rule reads of others is
made before it. Rules of which that cannot be said (one reads what a later one of its group made the time before, or
they read each other) are a knot, which is evaluated moment by moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hivesight.doctor.backtest.members import Member
from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import MatchType
from hivesight.rules.alerting import AlertingRule


@dataclass(frozen=True, slots=True)
class Task:
    """members: one, or those of a knot. from_ms: when each begins. Of all rules, read: those whose series anyone reads,
    dependent: those that read what rules make, and so not the store alone."""

    members: tuple[Member, ...]
    knot: bool
    from_ms: Mapping[Member, int]
    read: frozenset[Member]
    dependent: frozenset[Member]


Edges = Mapping[Member, Mapping[Member, int]]
"""Who reads whom, and how far back."""


def tasks(members: Sequence[Member], since_ms: int) -> list[Task]:
    """What is needed for the alerting rules, what is read first. since_ms: when alerts are to be under way."""
    edges = _needed(_edges(members), [each for each in members if isinstance(each.rule, AlertingRule)])
    together: dict[Member, set[Member]] = {reader: set(made) for reader, made in edges.items()}
    for reader, made in edges.items():
        for maker in made:
            if maker.group == reader.group and maker.index >= reader.index:
                together[maker].add(reader)
    knots = _components(together)
    from_ms = _beginnings(knots, edges, since_ms)
    read = frozenset(maker for made in edges.values() for maker in made)
    dependent = frozenset(reader for reader, made in edges.items() if made)
    found: list[Task] = []
    for knot in knots:
        ordered = sorted(knot, key=lambda each: (each.group, each.index))
        knotted = len(knot) > 1 or knot[0] in edges[knot[0]]
        found.append(Task(tuple(ordered), knotted, from_ms, read, dependent))
    return found


def _edges(members: Sequence[Member]) -> Edges:
    by_name: dict[str, list[Member]] = {}
    for each in members:
        for labels in each.series:
            by_name.setdefault(labels.name, []).append(each)
    edges: dict[Member, dict[Member, int]] = {}
    for reader in members:
        made = edges.setdefault(reader, {})
        for read in reader.reads:
            name = next((m.value for m in read.matchers if m.name == METRIC_NAME and m.type is MatchType.EQUAL), None)
            for maker in members if name is None else by_name.get(name, ()):
                if maker.makes(read.matchers):
                    made[maker] = max(made.get(maker, 0), read.back_ms)
    return edges


def _needed(edges: Edges, wanted: Sequence[Member]) -> Edges:
    found: dict[Member, Mapping[Member, int]] = {}
    waiting = list(reversed(wanted))
    while waiting:
        reader = waiting.pop()
        if reader not in found:
            found[reader] = edges[reader]
            waiting.extend(edges[reader])
    return found


def _components(together: Mapping[Member, set[Member]]) -> list[list[Member]]:
    """Those that reach each other, in an order in which what is reached comes first (Tarjan's, without recursion)."""
    number: dict[Member, int] = {}
    lowest: dict[Member, int] = {}
    stack: list[Member] = []
    on_stack: set[Member] = set()
    found: list[list[Member]] = []
    for root in together:
        if root in number:
            continue
        path = [(root, iter(together[root]))]
        number[root] = lowest[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while path:
            node, rest = path[-1]
            following = next(rest, None)
            if following is None:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
                if lowest[node] == number[node]:
                    at = stack.index(node)
                    found.append(stack[at:])
                    on_stack.difference_update(stack[at:])
                    del stack[at:]
            elif following not in number:
                number[following] = lowest[following] = len(number)
                stack.append(following)
                on_stack.add(following)
                path.append((following, iter(together[following])))
            elif following in on_stack:
                lowest[node] = min(lowest[node], number[following])
    return found


def _beginnings(knots: Sequence[Sequence[Member]], edges: Edges, since_ms: int) -> dict[Member, int]:
    """How early each must begin for those that read it, they first."""
    from_ms = {member: since_ms - member.warm_up_ms for knot in knots for member in knot}
    for knot in reversed(knots):
        for reader in knot:
            for maker, back_ms in edges[reader].items():
                if maker not in knot or maker is not reader:
                    begin = from_ms[reader] - reader.query_offset_ms - back_ms - maker.warm_up_ms
                    from_ms[maker] = min(from_ms[maker], begin)
    return from_ms
