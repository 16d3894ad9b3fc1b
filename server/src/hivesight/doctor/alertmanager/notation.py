"""The notation of matchers that Alertmanager keeps for old files alone, and the new one in its place."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from hivesight.doctor.alertmanager.sections import INHIBIT_RULES
from hivesight.doctor.alertmanager.tree import ROUTE
from hivesight.doctor.finding import Edit, Finding
from hivesight.doctor.rule_files import at
from hivesight.doctor.workspace import Document
from hivesight.model.labels import quoted
from hivesight.schema.loading import Location
from hivesight.schema.tree import Node, Place

_OLD: Final = {"": "=", "_re": "=~"}
_CLOSING: Final = re.compile(r"\s*,?\s*\}")
_SIDES: Final = ("source_", "target_")


def deprecated(document: Document) -> Iterator[Finding]:
    """Every `match`, `source_match`, `target_match` and their `_re`."""
    root = document.loaded.root
    if ROUTE in (root.items or {}):
        yield from _routes(document, root.find((ROUTE,))[1], (ROUTE,))
    _, rules = root.find((INHIBIT_RULES,))
    for index, (_, node) in (rules.items or {}).items() if rules.is_list else ():
        for side in _SIDES:
            yield from _section(document, node, (INHIBIT_RULES, index), side)


def _routes(document: Document, node: Node, at_: Location) -> Iterator[Finding]:
    yield from _section(document, node, at_, "")
    children = (node.items or {}).get("routes")
    for index, (_, child) in ((children[1].items or {}) if children is not None else {}).items():
        yield from _routes(document, child, (*at_, "routes", index))


def _section(document: Document, node: Node, at_: Location, side: str) -> Iterator[Finding]:
    items = node.items or {}
    new = f"{side}matchers"
    found = [(f"{side}match{ending}", op) for ending, op in _OLD.items() if f"{side}match{ending}" in items]
    for key, op in found:
        place, value = items[key]
        matchers = _matchers(value, op)
        remedy = f"{new}: [{matchers}]"
        finding = at(
            document.loaded, (*at_, key), "alertmanager/old-matchers", f"{key} is deprecated", remedy, on_key=True
        )
        alone = len(found) == 1 and new not in items and bool(matchers)
        yield replace(finding, edit=_edit(document, place, value, remedy) if alone else None)


def _matchers(node: Node, op: str) -> str:
    pairs = [(str(name), value.value or "") for name, (_, value) in (node.items or {}).items()]
    written = [f"{name}{op}{quoted(value)}" for name, value in pairs]
    return ", ".join("'" + each.replace("'", "''") + "'" for each in written)


def _edit(document: Document, key: Place, value: Node, replacement: str) -> Edit | None:
    """Where key and value stand on one line, as in `match: {severity: critical}`."""
    line = document.text.splitlines()[key.line - 1]
    last = max((node.place for _, node in (value.items or {}).values()), key=lambda each: (each.line, each.col))
    closing = _CLOSING.match(line, last.col - 1 + last.length)
    if last.line != key.line or line[value.place.col - 1 : value.place.col] != "{" or closing is None:
        return None
    return Edit(key.line, key.col, closing.end() + 1 - key.col, replacement)
