"""YAML text -> a tree of values with their places, in bounded time and memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import yaml
from yaml import events

from hivesight.model.diagnostics import Diagnostic, Severity

MAX_BYTES: Final = 8 << 20
MAX_DEPTH: Final = 64
MAX_NODES: Final = 500_000

T = TypeVar("T")

Plain = str | None | list["Plain"] | dict[str, "Plain"]
"""What a document says: texts (numbers and booleans as they were written), lists and mappings."""

_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece of text stands: line and column from 1, length in characters, and for a block scalar (`|`) the
    line and column of its first character of content."""

    line: int
    col: int
    length: int
    block: bool = False
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place. `items`: of a mapping, each key with the key's place and its value; of a list, the
    values under their positions."""

    value: str | None
    place: Place
    items: dict[str | int, tuple[Place, "Node"]] | None = None
    is_list: bool = False
    size: int = 1

    def plain(self) -> Plain:
        """The value without places. A mapping's null values are left out: a key without a value is a key unsaid."""
        if self.items is None:
            return self.value
        if self.is_list:
            return [node.plain() for _, node in self.items.values()]
        return {
            str(key): node.plain()
            for key, (_, node) in self.items.items()
            if node.value is not None or node.items is not None
        }

    def find(self, path: tuple[str | int, ...]) -> tuple[Place, "Node"]:
        """The place of the last key of `path`, and the value there; as deep as the path can be followed."""
        place, node = self.place, self
        for step in path:
            if node.items is None or step not in node.items:
                break
            place, node = node.items[step]
        return place, node


def read(text: str, path: str) -> Node | Diagnostic:
    """The document's tree (an empty document is an empty mapping), or what is wrong with it and where."""
    return _read(text, path, lambda reader: reader.document())


def read_all(text: str, path: str) -> tuple[Node, ...] | Diagnostic:
    """The trees of a stream's documents, empty ones apart, or what is wrong with it and where (YAML 1.2.2, 9.2)."""
    return _read(text, path, lambda reader: tuple(reader.documents()))


def _read(text: str, path: str, reading: "Callable[[_Reader], T]") -> T | Diagnostic:
    if len(text) > MAX_BYTES:
        return Diagnostic(path, 1, 1, 1, Severity.ERROR, "yaml/too-large", f"larger than {MAX_BYTES >> 20} MiB")
    try:
        return reading(_Reader(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, col = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reason = " ".join(part for part in (error.context, error.problem) if part)
        return Diagnostic(path, line, col, 1, Severity.ERROR, "yaml/syntax", reason or "not YAML")
    except yaml.YAMLError as error:
        return Diagnostic(path, 1, 1, 1, Severity.ERROR, "yaml/syntax", " ".join(str(error).split()))
    except _Fault as fault:
        return Diagnostic(path, fault.place.line, fault.place.col, fault.place.length, Severity.ERROR, *fault.why)


class _Fault(Exception):
    def __init__(self, place: Place, code: str, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.why = (code, message)


class _Reader:
    def __init__(self, text: str) -> None:
        self._events: Iterator[events.Event] = iter(yaml.parse(text, Loader=_LOADER))  # pyright: ignore[reportUnknownMemberType]
        self._anchors: dict[str, Node] = {}
        self._nodes = 0

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, events.DocumentStartEvent) and root is not None:
                raise _Fault(_place(event), "yaml/several-documents", "only one document is read; remove the '---'")
            if isinstance(event, events.NodeEvent):
                root = self._node(event, 0)
        if root is None or (root.value is None and root.items is None):
            return Node(None, Place(1, 1, 1), {})
        return root

    def documents(self) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, events.DocumentStartEvent):
                self._anchors = {}
            elif isinstance(event, events.NodeEvent):
                root = self._node(event, 0)
                if root.value is not None or root.items is not None:
                    yield root

    def _node(self, event: events.NodeEvent, depth: int) -> Node:
        place = _place(event)
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise _Fault(place, "yaml/too-deep", f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, events.AliasEvent):
            node = self._anchors.get(event.anchor or "")
            if node is None:
                raise _Fault(place, "yaml/alias", f"no anchor &{event.anchor} stands before this alias")
            self._nodes += node.size
        elif isinstance(event, events.ScalarEvent):
            node = Node(_scalar(event), place)
        elif isinstance(event, events.SequenceStartEvent):
            node = self._list(place, depth)
        else:
            node = self._mapping(place, depth)
        if self._nodes > MAX_NODES:
            raise _Fault(place, "yaml/too-many", f"more than {MAX_NODES} values, aliases counted as what they repeat")
        if event.anchor and not isinstance(event, events.AliasEvent):
            self._anchors[event.anchor] = node
        return node

    def _list(self, place: Place, depth: int) -> Node:
        items: dict[str | int, tuple[Place, Node]] = {}
        for event in self._events:
            if isinstance(event, events.SequenceEndEvent):
                break
            node = self._node(_as_node(event), depth + 1)
            items[len(items)] = (node.place, node)
        return Node(None, place, items, is_list=True, size=1 + sum(node.size for _, node in items.values()))

    def _mapping(self, place: Place, depth: int) -> Node:
        items: dict[str | int, tuple[Place, Node]] = {}
        merged: dict[str | int, tuple[Place, Node]] = {}
        for event in self._events:
            if isinstance(event, events.MappingEndEvent):
                break
            key = self._node(_as_node(event), depth + 1)
            value = self._node(_as_node(next(self._events)), depth + 1)
            if key.items is not None:
                raise _Fault(key.place, "yaml/key", "a key must be a plain text")
            name = key.value or ""
            if name == "<<" and value.items is not None:
                merged |= value.items
            elif name in items:
                raise _Fault(key.place, "yaml/duplicate-key", f"the key {name!r} stands here twice")
            else:
                items[name] = (key.place, value)
        items = merged | items
        return Node(None, place, items, size=1 + sum(node.size for _, node in items.values()))


def _as_node(event: events.Event) -> events.NodeEvent:
    assert isinstance(event, events.NodeEvent)
    return event


def _scalar(event: events.ScalarEvent) -> str | None:
    text: str = event.value
    plain: bool = event.style is None or event.style == ""
    return None if plain and text in _NULLS else text


def _place(event: events.Event) -> Place:
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:
        return Place(1, 1, 1)
    length = end.column - start.column if end.line == start.line else 1
    style: str = getattr(event, "style", None) or ""
    return Place(start.line + 1, start.column + 1, max(1, length), style in ("|", ">"), style in ("'", '"'))
