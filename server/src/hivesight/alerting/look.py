"""How alerts stand at one moment, for whoever looks in from outside."""

from collections.abc import Iterable, Sequence

from hivesight.alerting.dispatch import Dispatcher
from hivesight.alerting.group import Group
from hivesight.alerting.outlook import Muter
from hivesight.alerting.route import Route
from hivesight.alerting.view import AlertView, LabelFilter, alert_view
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels


class Look:
    """One look at many alerts; what alerts have in common is worked out once."""

    def __init__(self, muter: Muter, dispatcher: Dispatcher | None, now_ms: int) -> None:
        self._muter = muter
        self._dispatcher = dispatcher
        self._now_ms = now_ms
        self._muted: dict[int, list[str]] = {}

    def at(self, alert: Alert, group: Group | None = None) -> AlertView:
        """An alert as it stands in all its groups, or in one."""
        groups = self.groups(alert.labels)
        stands = groups if group is None else [group]
        return alert_view(
            alert,
            self._muter.silenced_by(alert.labels, self._now_ms),
            self._muter.inhibited_by(alert.labels, self._now_ms),
            [name for each in stands for name in self._muting(each.route)],
            sorted({each.route.options.receiver for each in groups}),
            flushed=any(each.flushed for each in stands),
        )

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

    def _muting(self, route: Route) -> list[str]:
        names = self._muted.get(route.index)
        if names is None:
            names = self._muted[route.index] = self._muter.muted_by(route.options, self._now_ms)
        return names
