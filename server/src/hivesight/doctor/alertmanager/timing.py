"""How alerts are grouped, and how often they are told again."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.alertmanager.sections import AlertmanagerSections
from hivesight.doctor.alertmanager.tree import PlacedRoute, Traffic
from hivesight.doctor.alerts.severity import asks_for_gravest
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at
from hivesight.model.duration import format_duration
from hivesight.schema.loading import Location

_HOUR_MS: Final = 3_600_000
_LONG_FOR_CRITICAL_MS: Final = 4 * _HOUR_MS
"""Alertmanager's own default."""
_RETENTION_MS: Final = 120 * _HOUR_MS
"""How long Alertmanager remembers what it told, unless --data.retention says otherwise."""


def findings(file: AlertmanagerSections, ways: Traffic | None) -> Iterator[Finding]:
    """What is wrong with the intervals and groups of the routes."""
    if file.tree is None:
        return
    for node in file.tree.walk():
        yield from _intervals(file, node)
        yield from _slow_repetition(file, node)
        if ways is not None and node.config.group_by:
            yield from _groups(file, node, ways)


def _intervals(file: AlertmanagerSections, node: PlacedRoute) -> Iterator[Finding]:
    options = node.route.options
    repeat, group = options.repeat_interval_ms, options.group_interval_ms
    own = next((key for key in ("repeat_interval", "group_interval") if getattr(node.config, key) is not None), None)
    if own is None:
        return
    if repeat < group:
        message = (
            f"repeat_interval ({format_duration(repeat)}) is shorter than group_interval ({format_duration(group)}): "
            "a group is looked at once in a group_interval, so that it is repeated no sooner"
        )
        remedy = f"repeat_interval: {format_duration(group)} or a multiple of it"
        yield at(file.document.loaded, (*node.location, own), "alertmanager/short-repeat", message, remedy)
    if repeat > _RETENTION_MS and node.config.repeat_interval is not None:
        message = f"Alertmanager forgets after {format_duration(_RETENTION_MS)} what it told, and repeats it then"
        remedy = "a shorter repeat_interval, or a longer --data.retention"
        yield at(
            file.document.loaded, (*node.location, "repeat_interval"), "alertmanager/beyond-retention", message, remedy
        )


def _slow_repetition(file: AlertmanagerSections, node: PlacedRoute) -> Iterator[Finding]:
    repeat = node.route.options.repeat_interval_ms
    if asks_for_gravest(node.route.matchers) and repeat > _LONG_FOR_CRITICAL_MS:
        place = _saying(file, node, "repeat_interval")
        line = file.document.loaded.at(node.location, "", "").line
        message = (
            f"what the route in line {line} takes is repeated after {format_duration(repeat)}: a page that is missed "
            "is missed for as long"
        )
        remedy = "repeat_interval: 1h in that route"
        yield at(file.document.loaded, place, "alertmanager/slow-repeat", message, remedy)


def _saying(file: AlertmanagerSections, node: PlacedRoute, key: str) -> Location:
    """The nearest route upwards that says `key`."""
    location = node.location
    while len(location) > 1 and key not in (file.document.loaded.root.find(location)[1].items or {}):
        location = location[:-2]
    return (*location, key)


def _groups(file: AlertmanagerSections, node: PlacedRoute, ways: Traffic) -> Iterator[Finding]:
    arriving = ways.entered(node)
    count = arriving.bit_count()
    for index, label in enumerate(node.config.group_by or ()):
        lacking = (arriving & ways.index.lacking(label)).bit_count()
        if label == "..." or 2 * lacking <= count:
            continue
        which = f"only {count - lacking}" if lacking < count else "none"
        message = f"{which} of the {count} alerts that come here can have the label {label}"
        remedy = f"take {label} out, or put it on the rules"
        where = (*node.location, "group_by", index)
        yield at(file.document.loaded, where, "alertmanager/group-by-absent", message, remedy)
