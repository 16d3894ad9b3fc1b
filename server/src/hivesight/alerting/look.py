"""How alerts stand at one moment, for whoever looks in from outside."""

from collections.abc import Iterable, Sequence

from hivesight.alerting.dispatch import Dispatcher
from hivesight.alerting.group import Group
from hivesight.alerting.outlook import Muter
from hivesight.alerting.route import Route
from hivesight.alerting.view import AlertView, LabelFilter
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels


class Look:
    """One look at many alerts; what alerts have in common is worked out once."""

    def __init__(self, muter: Muter, dispatcher: Dispatcher | None, now_ms: int) -> None:
        self._muter = muter
        self._dispatcher = dispatcher
        self._now_ms = now_ms
        self._muted: dict[int, tuple[str, ...]] = {}

    def at(self, alert: Alert) -> AlertView:
        """An alert as it stands on all its routes."""
        routes = [] if self._dispatcher is None else self._dispatcher.tree.match(alert.labels)
        muted = dict.fromkeys(name for route in routes for name in self.muting(route))
        return self._view(alert, tuple(muted), tuple(route.options.receiver for route in routes))

    def in_group(self, alert: Alert, group: Group) -> AlertView:
        """An alert as it stands in one of its groups; the receivers are left out."""
        return self._view(alert, self.muting(group.route), ())

    def current(self, alerts: Iterable[Alert], wanted: LabelFilter) -> Sequence[Alert]:
        """Those that are not over, of wanted labels."""
        return [alert for alert in alerts if wanted(alert.labels) and not alert.resolved_at(self._now_ms)]

    def groups(self, labels: Labels) -> list[Group]:
        """Those that an alert with these labels is in."""
        dispatcher = self._dispatcher
        if dispatcher is None:
            return []
        found = [dispatcher.group(route, labels) for route in dispatcher.tree.match(labels)]
        return [group for group in found if group is not None]

    def muting(self, route: Route) -> tuple[str, ...]:
        """The names of the time intervals that mute a route."""
        names = self._muted.get(route.index)
        if names is None:
            names = self._muted[route.index] = tuple(self._muter.muted_by(route.options, self._now_ms))
        return names

    def _view(self, alert: Alert, muted: tuple[str, ...], receivers: tuple[str, ...]) -> AlertView:
        silences = tuple(each.id for each in self._muter.silenced_by(alert.labels, self._now_ms))
        inhibition = self._muter.inhibited_by(alert.labels, self._now_ms)
        return AlertView(alert, silences, () if inhibition is None else (inhibition,), muted, receivers)
