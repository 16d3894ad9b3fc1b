"""Why an alert is told, or not: its way through the routing tree, its groups, what holds it back there, whom each group
was told to and when it is told next. Everything enters as it stands now; pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hivesight.alerting.config import Config
from hivesight.alerting.group import group_key
from hivesight.alerting.index import fingerprint
from hivesight.alerting.inhibit import Inhibition
from hivesight.alerting.interval import TimeInterval, muting
from hivesight.alerting.journal import Span, What
from hivesight.alerting.nflog import Entry, Listener, Target
from hivesight.alerting.outlook import Hold, Muter, Outlook, Prospect, free_from
from hivesight.alerting.route import Outcome, Route, RouteOptions, Step, build_route
from hivesight.alerting.silence import Silence
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels


@dataclass(frozen=True, slots=True)
class GroupPath:
    """A group that the alert is in, or would be in. waiting: it is there already. alerts: how many are in it, this
    one included. next_ms: its next flush. telling: one is under way, until which the next one waits."""

    route: Route
    labels: Labels
    key: str
    waiting: bool
    alerts: int
    next_ms: int
    telling: bool
    holds: tuple[Hold, ...]
    prospects: tuple[Prospect, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """alert: None for one that is not there, as in "would I be told if". steps: every node of the tree in its order.
    spans: what became of it so far."""

    labels: Labels
    alert: Alert | None
    now_ms: int
    steps: tuple[Step, ...]
    groups: tuple[GroupPath, ...]
    spans: tuple[Span, ...]

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.labels)


@dataclass(frozen=True, slots=True)
class Standing:
    """A group as it stands. next_ms: its next flush. telling: one is under way."""

    alerts: tuple[Alert, ...]
    next_ms: int
    telling: bool


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an explanation is drawn from. recall: what an integration was told last of a group. standing: by
    route (its index) the group that the alert belongs to there, where there is one. listeners: whom a receiver
    stands for."""

    muter: Muter
    recall: Callable[[Target, str], Entry | None]
    standing: Mapping[int, Standing]
    listeners: Callable[[str], Sequence[Listener]]


def explain(
    labels: Labels, alert: Alert | None, tree: Route, around: Surroundings, spans: Sequence[Span], now_ms: int
) -> Explanation:
    """The way of an alert with these labels. alert: it, where it is there."""
    steps = tree.explain(labels)
    lasting = _lasting_holds(labels, around.muter, now_ms)
    groups = [
        _group(step.route, labels, alert, around, lasting, now_ms) for step in steps if step.outcome is Outcome.TAKEN
    ]
    return Explanation(labels, alert, now_ms, tuple(steps), tuple(groups), tuple(spans))


def _lasting_holds(labels: Labels, muter: Muter, now_ms: int) -> list[Hold]:
    """What holds it back wherever it goes."""
    holds = [Hold(What.SILENCED, str(each), each.ends_at_ms) for each in muter.silenced_by(labels, now_ms)]
    inhibition = muter.inhibited_by(labels, now_ms)
    if inhibition is not None:
        holds.insert(0, Hold(What.INHIBITED, str(inhibition), None))
    return holds


def _group(
    route: Route, labels: Labels, alert: Alert | None, around: Surroundings, lasting: Sequence[Hold], now_ms: int
) -> GroupPath:
    options = route.options
    group_labels = options.group_labels(labels)
    key = group_key(route, group_labels)
    standing = around.standing.get(route.index)
    others = [] if standing is None else [each for each in standing.alerts if each.labels != labels]
    next_ms = now_ms + options.group_wait_ms if standing is None else max(now_ms, standing.next_ms)
    holds = [*lasting]
    names = around.muter.muted_by(options, now_ms)
    if names:
        holds.append(Hold(What.TIME_INTERVAL, ", ".join(names), free_from(around.muter, options, now_ms)))
    own = Alert(labels, now_ms, next_ms + 1) if alert is None else alert
    outlook = Outlook(own, others, around.muter, options, next_ms, holds)
    listeners = around.listeners(options.receiver)
    prospects = [outlook.prospect(each, around.recall(each.target, key)) for each in listeners]
    return GroupPath(
        route,
        group_labels,
        key,
        standing is not None and len(others) < len(standing.alerts),
        len(others) + 1,
        next_ms,
        standing is not None and standing.telling,
        tuple(holds),
        tuple(prospects),
    )


def explain_by_file(
    config: Config, labels: Labels, listeners: Callable[[str], Sequence[Listener]], now_ms: int
) -> Explanation:
    """What a checked file alone says of labels: nothing is silenced, no other alert is there, nobody was told yet."""
    assert config.route is not None, "a checked file has a route"
    around = Surroundings(_Calendar(config.intervals()), lambda _target, _key: None, {}, listeners)
    return explain(labels, None, build_route(config.route), around, (), now_ms)


class _Calendar:
    """A muter that knows of time intervals only."""

    def __init__(self, intervals: Mapping[str, tuple[TimeInterval, ...]]) -> None:
        self._intervals = intervals

    def inhibited_by(self, labels: Labels, now_ms: int) -> Inhibition | None:
        return None

    def silenced_by(self, labels: Labels, now_ms: int) -> list[Silence]:
        return []

    def muted_by(self, options: RouteOptions, now_ms: int) -> list[str]:
        return muting(self._intervals, options.mute_time_intervals, options.active_time_intervals, now_ms)
