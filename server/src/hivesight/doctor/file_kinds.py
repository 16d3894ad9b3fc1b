"""What a file is, told by its keys; and whether a text that cannot be read was meant to be one of ours."""

import re
from typing import Final

from hivesight.doctor.workspace import FileKind
from hivesight.schema import Plain

# The key that tells a kind, and those of which one must stand beside it.
_TELLTALE: Final[tuple[tuple[FileKind, str, frozenset[str]], ...]] = (
    (FileKind.RULE_TESTS, "tests", frozenset(("rule_files", "evaluation_interval"))),
    (FileKind.RULES, "groups", frozenset()),
    (FileKind.ALERTMANAGER, "route", frozenset(("receivers", "inhibit_rules", "global", "templates"))),
    (FileKind.ALERTMANAGER, "receivers", frozenset(("route", "inhibit_rules", "templates"))),
    (FileKind.PROMETHEUS, "scrape_configs", frozenset()),
    (FileKind.PROMETHEUS, "rule_files", frozenset()),
    (FileKind.COLLECTOR, "service", frozenset(("exporters", "receivers", "processors"))),
    (FileKind.COMPOSE, "services", frozenset()),
    (FileKind.DASHBOARD, "panels", frozenset()),
    (FileKind.DASHBOARD, "rows", frozenset(("templating", "title", "schemaVersion"))),
    (FileKind.DASHBOARD, "dashboard", frozenset()),
)
_MEANT: Final = re.compile(
    r"""^["']?(groups|scrape_configs|rule_files|route|receivers|services|pipelines)["']?\s*:(\s|$)"""
    r"""|^[ \t]*"(panels|templating|schemaVersion)"\s*:""",
    re.MULTILINE,
)
_TEMPLATE: Final = re.compile(r"^\s*\{\{|\{\{-|-\}\}|\{%|<%", re.MULTILINE)
"""Signs of another tool that has yet to make the file."""


def kind_of(value: Plain) -> FileKind:
    """The kind of a document by its keys; OTHER where they tell none."""
    if not isinstance(value, dict):
        return FileKind.OTHER
    for kind, key, beside in _TELLTALE:
        if key in value and (not beside or beside & value.keys()):
            return kind
    return FileKind.OTHER


def seems_meant(text: str) -> bool:
    """Whether a text that cannot be read was meant to be a file of a kind that is examined."""
    return _MEANT.search(text) is not None and _TEMPLATE.search(text) is None
