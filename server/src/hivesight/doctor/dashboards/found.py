"""Findings in dashboards."""

from dataclasses import replace

from hivesight.doctor.dashboards.document import Dashboard
from hivesight.doctor.finding import Edit, Finding
from hivesight.doctor.rule_files import at
from hivesight.schema.loading import Location


def found(
    dashboard: Dashboard,
    location: Location,
    code: str,
    message: str,
    remedy: str,
    *,
    on_key: bool = False,
    span: tuple[int, int] | None = None,
    replacement: str | None = None,
) -> Finding:
    """A finding of a check of the catalogue. span: offsets in the text at `location`. replacement: what `--fix` writes
    there instead, as it stands in JSON where there is no span."""
    loaded = dashboard.document.loaded
    offset, length = (None, 1) if span is None else (span[0], max(1, span[1] - span[0]))
    finding = at(loaded, location, code, message, remedy, on_key=on_key, offset=offset, length=length)
    written = loaded.written_in(location, replacement) if replacement is not None and span is not None else replacement
    if written is None:
        return finding
    place = finding.diagnostic
    return replace(finding, edit=Edit(place.line, place.col, place.length, written))
