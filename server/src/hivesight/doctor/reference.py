"""The catalogue of checks as Markdown: `python -m hivesight.doctor.reference > docs/checks.md`."""

from itertools import groupby
from typing import Final

from hivesight.doctor.catalog import CHECKS, Check

_HEAD: Final = """# What `hivesight check` looks for

An **error** cannot work, a **warning** does something else than it seems to, **info** is advice. A comment disables a
check where it stands, with its reason: on a line of its own for the rule, route or key that follows, at the end of a
line for that line.

    # hivesight: ignore promql/unit because the budget is meant to be that small

Faults of syntax, and keys that no such file has, are reported under codes of their own (`promql/syntax`,
`config/unknown-key`, `file/unreadable`, ...).
"""
_ROOMS: Final = {
    "promql": "Expressions",
    "rules": "Rules",
    "live": "Against a running server (`--live URL`)",
}


def page() -> str:
    """The page: a section for each check, by room and in the order of the catalogue."""
    parts = [_HEAD]
    for room, checks in groupby(sorted(CHECKS.values(), key=_room), key=_room):
        parts.append(f"## {_ROOMS.get(room, room.capitalize())}\n")
        parts.extend(_section(check) for check in checks)
    return "\n".join(parts)


def _room(check: Check) -> str:
    return check.code.partition("/")[0]


def _section(check: Check) -> str:
    title = check.title[0].upper() + check.title[1:]
    return f"### {check.code}\n\n*{check.severity.name.lower()}*. {title}.\n\n{check.why}\n"


if __name__ == "__main__":
    print(page(), end="")
