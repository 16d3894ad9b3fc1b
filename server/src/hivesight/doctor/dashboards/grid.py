"""Where panels lie, and the numbers by which links find them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from hivesight.doctor.dashboards.document import Dashboard, Panel
from hivesight.doctor.dashboards.found import found
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child, text
from hivesight.schema.loading import Location

_COLUMNS: Final = 24


def findings(dashboard: Dashboard) -> Iterator[Finding]:
    """Of the panels of one dashboard, those in rows too."""
    yield from _numbers(dashboard)
    groups: dict[Location, list[tuple[Panel, tuple[int, int, int, int]]]] = defaultdict(list)
    for panel in dashboard.panels:
        position = _position(panel)
        if position is None:
            continue
        x, _, w, _ = position
        if x < 0 or w < 1 or x + w > _COLUMNS:
            message = f"columns {x} to {x + w} of a grid that has {_COLUMNS}"
            yield _at_grid(dashboard, panel, "dashboards/outside-grid", message, f"x + w of at most {_COLUMNS}")
        elif child(panel.node, "repeat") is None:
            groups[panel.group].append((panel, position))
    for members in groups.values():
        yield from _overlaps(dashboard, members)


def _numbers(dashboard: Dashboard) -> Iterator[Finding]:
    seen: dict[str, Panel] = {}
    for panel in dashboard.panels:
        number = text(panel.node, "id")
        if number and seen.setdefault(number, panel) is not panel:
            title = text(seen[number].node, "title")
            message = f"the panel {title!r} has the id {number} too: links and renderings show one of them"
            yield found(dashboard, (*panel.location, "id"), "dashboards/duplicate-id", message, "an id of its own")


def _position(panel: Panel) -> tuple[int, int, int, int] | None:
    """x, y, w, h; None where the panel does not say them."""
    try:
        x, y, w, h = (int(text(panel.node, "gridPos", key)[:9]) for key in ("x", "y", "w", "h"))
    except ValueError:
        return None
    return x, y, w, h


def _overlaps(dashboard: Dashboard, members: Sequence[tuple[Panel, tuple[int, int, int, int]]]) -> Iterator[Finding]:
    """Each panel that lies on one above it; columns remember who reaches furthest down."""
    lowest: list[tuple[int, Panel | None]] = [(0, None)] * _COLUMNS
    for panel, (x, y, w, h) in sorted(members, key=lambda each: each[1][1]):
        bottom, above = max(lowest[x : x + w], key=lambda each: each[0])
        if above is not None and bottom > y:
            message = f"lies on the panel {text(above.node, 'title')!r}, so that Grafana moves it down"
            yield _at_grid(dashboard, panel, "dashboards/overlap", message, f"y of {bottom} or more")
        for column in range(x, x + w):
            lowest[column] = max(lowest[column], (y + h, panel), key=lambda each: each[0])


def _at_grid(dashboard: Dashboard, panel: Panel, code: str, message: str, remedy: str) -> Finding:
    return found(dashboard, (*panel.location, "gridPos"), code, message, remedy, on_key=True)
