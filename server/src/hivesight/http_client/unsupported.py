"""What an `http_config` may say and does nothing here: the references to a secret manager."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.schema import Loaded
from hivesight.schema.loading import Location


def references_without_effect(
    loaded: Loaded[Any], at: Location, section: object, severity: Severity = Severity.WARNING
) -> Iterator[Diagnostic]:
    """A diagnostic for each `*_ref` key of the section that stands at `at`, and of the sections right inside it."""
    if not dataclasses.is_dataclass(section):
        return
    for name in (each.name for each in dataclasses.fields(section)):
        value: object = getattr(section, name)
        if name.endswith("_ref") and value:
            reason = f"{name}: not supported yet: no secret manager is asked; write {name.removesuffix('_ref')}_file"
            yield loaded.at((*at, name), "config/unsupported", reason, severity=severity, on_key=True)
        yield from references_without_effect(loaded, (*at, name), value, severity)
