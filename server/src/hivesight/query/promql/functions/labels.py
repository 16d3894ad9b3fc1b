"""label_replace and label_join, worked out once for every distinct label value."""

import re
from typing import Final

import numpy as np

from hivesight.model.errors import QueryError
from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import Match, compile_regex
from hivesight.query.promql.ast import Call
from hivesight.query.promql.budget import Budget
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame, merged
from hivesight.query.promql.functions.kind import Function
from hivesight.query.promql.literals import quote
from hivesight.query.promql.tables import columns, grouped, with_column
from hivesight.query.promql.types import Grid

_REFERENCE: Final = re.compile(r"\$(?:\$|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))")


def _label_replace(context: Context, call: Call, grid: Grid) -> Frame:
    frame = context.vector(call.args[0], grid)
    target, template, source, pattern = (context.text(arg) for arg in call.args[1:])
    try:
        regex = compile_regex(pattern)
    except ValueError as error:
        raise QueryError(f"invalid regular expression in label_replace(): {pattern}") from error
    _check_name(target, "invalid destination label name in label_replace()")
    values, inverse = np.unique(frame.labels.column(source), return_inverse=True)
    hit = np.zeros(len(values), dtype=np.bool_)
    codes = np.zeros(len(values), dtype=np.int32)
    for index, text in enumerate(context.symbols.texts(values.tolist())):
        if (match := regex.fullmatch(text)) is not None:
            hit[index] = True
            codes[index] = context.symbols.intern(expand(template, match, context.budget))
    hits, before = hit[inverse], frame.labels.column(target)
    labels = with_column(frame.labels, target, np.where(hits, codes[inverse], before).astype(np.int32))
    # A name that was set on purpose stays.
    nameless = frame.nameless & ~hits if target == METRIC_NAME else frame.nameless
    return merged(frame.relabelled(labels, nameless))


def expand(template: str, match: Match, budget: Budget) -> str:
    """The template with `$1`, `${1}` and `$name` replaced by what the groups matched (Go's Regexp.Expand): a group
    that does not exist is empty, and `$$` is a dollar sign. Raises QueryLimit for too much text."""
    parts: list[str] = []
    position = 0
    for reference in _REFERENCE.finditer(template):
        parts += (template[position : reference.start()], _group(match, reference[1] or reference[2] or ""))
        position = reference.end()
    parts.append(template[position:])
    budget.spend_text(sum(map(len, parts)))
    return "".join(parts)


def _group(match: Match, name: str) -> str:
    if not name:
        return "$"
    try:
        return match.group(int(name) if name.isdigit() else name) or ""
    except (IndexError, KeyError):
        return ""


def _label_join(context: Context, call: Call, grid: Grid) -> Frame:
    frame = context.vector(call.args[0], grid)
    target, separator, *sources = (context.text(arg) for arg in call.args[1:])
    for source in sources:
        _check_name(source, "invalid source label name in label_join()")
    _check_name(target, "invalid destination label name in label_join()")
    codes = columns(frame.labels, sources)
    group, first = grouped(codes)
    parts = [context.symbols.texts(row) for row in codes[first].tolist()]
    for row in parts:
        context.budget.spend_text(sum(map(len, row)) + len(separator) * len(row))
    joined = np.array([context.symbols.intern(separator.join(row)) for row in parts], dtype=np.int32)
    labels = with_column(frame.labels, target, joined[group])
    nameless = np.zeros_like(frame.nameless) if target == METRIC_NAME else frame.nameless
    return merged(frame.relabelled(labels, nameless))


def _check_name(name: str, message: str) -> None:
    if not name or any(0xDC80 <= ord(char) <= 0xDCFF for char in name):
        raise QueryError(f"{message}: {quote(name)[1:-1]}")


FUNCTIONS: Final[dict[str, Function]] = {"label_replace": _label_replace, "label_join": _label_join}
