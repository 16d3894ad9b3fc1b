"""A trial of a receiver: a notification that says of itself that it is a test, through each integration of the
receiver, with the templates, the grouping and the patience that a real one has. `hivesight notify test` calls it."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Final

from hivesight.alerting.config import ConfigFile
from hivesight.alerting.config_receivers import Receiver
from hivesight.alerting.group import Flush, Notice, Status, group_key
from hivesight.alerting.nflog import Reason
from hivesight.alerting.route import Route, RouteOptions, build_route
from hivesight.gotmpl import table_link
from hivesight.model.alert import Alert
from hivesight.model.clock import Clock, SystemClock
from hivesight.model.errors import ConfigError
from hivesight.model.labels import Labels
from hivesight.notify.assembly import integrations
from hivesight.notify.direct import ChannelResult, Told, tell
from hivesight.notify.registry import Surroundings
from hivesight.notify.rendering import check_settings, load_templates
from hivesight.notify.retry import Patience

ALERTNAME: Final = "HivesightTest"
MARK: Final = "[TEST]"
_EXPRESSION: Final = "vector(1)"
_HOUR_MS: Final = 3_600_000

Heard = Callable[[Status, ChannelResult], None]


@dataclass(frozen=True, slots=True)
class Wording:
    """What a trial says. sender: who sends it. labels and annotations: over our own."""

    sender: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


class Trial:
    """One receiver of a checked file, ready to be told."""

    def __init__(
        self,
        file: ConfigFile,
        receiver: Receiver,
        *,
        external_url: str,
        clock: Clock | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Raises ConfigError, also for templates that cannot be parsed."""
        if file.config is None or file.config.route is None:
            raise ConfigError(file.diagnostics)
        templates = load_templates(file.config.templates, file.directory)
        faults = check_settings(file, templates)
        if faults:
            raise ConfigError(faults)
        routes = [each for each in build_route(file.config.route).walk() if each.options.receiver == receiver.name]
        self.routed = bool(routes)
        self._route = routes[0] if routes else _alone(receiver.name)
        self._told = [
            Told(each, {})
            for each in integrations(receiver, Surroundings(file.config.global_, templates, file.directory))
        ]
        self._external_url = external_url.rstrip("/")
        self._clock = clock or SystemClock()
        self._patience = patience or Patience()

    @property
    def channels(self) -> tuple[str, ...]:
        """The integrations as they are counted: `slack[0]`."""
        return tuple(f"{each.integration.name}[{each.integration.index}]" for each in self._told)

    async def run(
        self, wording: Wording, *, resolved: bool, timeout_seconds: float, heard: Heard
    ) -> tuple[tuple[Status, ChannelResult], ...]:
        """Say that the test fires and, with `resolved`, then that it is over; each may take `timeout_seconds`. `heard`
        is called with each result as it comes. Leaves: all of them."""
        starts_ms = self._clock.now_ms()
        alert = trial_alert(wording, self._route.options.receiver, self._external_url, starts_ms)
        steps = [(Status.FIRING, Reason.FIRST)] + ([(Status.RESOLVED, Reason.ALL_RESOLVED)] if resolved else [])
        found: list[tuple[Status, ChannelResult]] = []
        async with AsyncExitStack() as stack:
            for each in self._told:
                stack.push_async_callback(each.integration.notifier.close)
            for status, reason in steps:
                results = await tell(
                    self._told,
                    self._flush(alert, status, timeout_seconds),
                    external_url=self._external_url,
                    reason=reason,
                    clock=self._clock,
                    patience=self._patience,
                    heard=lambda result, status=status: heard(status, result),
                )
                found += [(status, each) for each in results]
        return tuple(found)

    def _flush(self, alert: Alert, status: Status, timeout_seconds: float) -> Flush:
        now_ms = self._clock.now_ms()
        if status is Status.RESOLVED:
            alert = replace(alert, ends_at_ms=now_ms)
        labels = self._route.options.group_labels(alert.labels)
        deadline_ms = now_ms + int(timeout_seconds * 1000)
        key = group_key(self._route, labels)
        return Flush(key, labels, self._route, (Notice(alert, status),), now_ms, deadline_ms, 0)


def trial_alert(wording: Wording, receiver: str, external_url: str, now_ms: int) -> Alert:
    """The alert that says what it is. A summary or description of the user's own is marked too."""
    labels = Labels({"alertname": ALERTNAME, "severity": "info"}).merged(wording.labels)
    own = {
        "summary": "Nothing is wrong: this is a test notification",
        "description": f"{wording.sender} sent it with `hivesight notify test {receiver}` to see whether it arrives. "
        "There is nothing to do.",
    }
    said = own | dict(wording.annotations)
    marked = {name: text if text.startswith(MARK) else f"{MARK} {text}" for name, text in said.items() if name in own}
    url = external_url + table_link(_EXPRESSION)
    return Alert(labels, now_ms, now_ms + _HOUR_MS, Labels(said | marked), url, now_ms)


def _alone(receiver: str) -> Route:
    """The route of a receiver that none leads to."""
    return Route(0, "test", "{}", (), False, RouteOptions(receiver=receiver), ())
