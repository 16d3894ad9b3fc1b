"""A file inside of a file, as a text of a Kubernetes ConfigMap: read with the places of the outer one."""

import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from hivesight.model.diagnostics import Diagnostic
from hivesight.schema import json_tree, tree
from hivesight.schema.quoting import source_offsets
from hivesight.schema.tree import Node, Place

_NEWLINE: Final = re.compile("\n")

Move = Callable[[Place], Place]
"""From a place in the inner text to that in the outer one."""


def read_inside(outer: str, node: Node, path: str, *, is_json: bool = False) -> Node | Diagnostic:
    """The tree of the file that is the text of `node`, or what is wrong with it."""
    text = node.value or ""
    read = (json_tree if is_json else tree).read(text, path)
    move = _move(outer, node.place, text)
    if isinstance(read, Diagnostic):
        place = move(Place(read.line, read.col, read.length))
        return replace(read, line=place.line, col=place.col, length=place.length)
    return _moved(read, move, {})


def _moved(node: Node, move: Move, known: dict[int, Node]) -> Node:
    """The tree with other places. known: the nodes that were moved, as aliases share them."""
    found = known.get(id(node))
    if found is None:
        items = node.items
        if items is not None:
            items = {key: (move(place), _moved(each, move, known)) for key, (place, each) in items.items()}
        found = known[id(node)] = replace(node, place=move(node.place), items=items)
    return found


@lru_cache(maxsize=2)
def _lines(text: str) -> tuple[str, ...]:
    """Of the outer file, which may hold thousands."""
    return tuple(text.split("\n"))


@lru_cache(maxsize=2)
def _starts(text: str) -> tuple[int, ...]:
    return (0, *(match.end() for match in _NEWLINE.finditer(text)))


def _move(outer: str, place: Place, text: str) -> Move:
    lines = _lines(outer)
    header = lines[place.line - 1]
    if place.block and not header.startswith(">", place.col - 1):
        return _in_block(lines, place, text)
    if place.quoted and len(header) - place.col > len(text):
        return _in_quotes(outer, _starts(outer)[place.line - 1] + place.col - 1, place, text)
    return lambda _: Place(place.line, place.col, place.length)


def _in_block(lines: Sequence[str], place: Place, text: str) -> Move:
    """In a literal block each line is one of the outer file, further in (YAML 1.2.2, 8.1.2)."""
    row, first = next(((row, line) for row, line in enumerate(text.split("\n"), 1) if line), (0, ""))
    indent = max(0, len(lines[place.line - 1 + row].rstrip("\r")) - len(first)) if first else 0
    return lambda inner: replace(inner, line=place.line + inner.line, col=indent + inner.col)


def _in_quotes(outer: str, quote: int, place: Place, text: str) -> Move:
    """On one line of the outer file; what is quoted in it is not quoted there as the outer file quotes."""
    starts = array("L", (0, *(match.end() for match in _NEWLINE.finditer(text))))
    offsets = source_offsets(outer, quote, len(text))

    def moved(inner: Place) -> Place:
        start = min(starts[min(inner.line, len(starts)) - 1] + inner.col - 1, len(text))
        end = min(start + inner.length, len(text))
        return Place(place.line, place.col + offsets[start] - quote, max(1, offsets[end] - offsets[start]))

    return moved
