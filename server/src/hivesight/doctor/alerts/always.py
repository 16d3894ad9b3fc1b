"""Alerts that are meant to fire always, so that their silence is noticed."""

import re
from typing import Final

from hivesight.doctor.facts import Rule
from hivesight.query.promql.ast import Call, NumberLiteral, unwrap
from hivesight.query.promql.walk import selectors

_NAMES: Final = re.compile(r".*(watch-?dog|dead-?man|heart-?beat|always-?firing).*", re.IGNORECASE)


def always_fires(rule: Rule) -> bool:
    """Whether an alert's expression asks for no series, such as `vector(1)`, or its name says that it always fires."""
    expr = None if rule.expr is None else unwrap(rule.expr)
    constant = isinstance(expr, Call | NumberLiteral) and not selectors(expr)
    return constant or _NAMES.fullmatch(rule.config.alert) is not None
