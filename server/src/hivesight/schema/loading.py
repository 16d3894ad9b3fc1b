"""Reading a configuration file: `load` gives a value or says everything that is wrong with it."""

import dataclasses
import difflib
import re
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.schema import embedding, json_tree, tree
from hivesight.schema.quoting import block_offset, quoted_as, source_offset
from hivesight.schema.tree import Node, Place

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

MAX_SHOWN = 20
"""The most known keys that are listed beside an unknown one."""

Location = tuple[str | int, ...]
"""The way to a value from the document's root: keys as they stand in the file, and positions in lists from 0."""


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T_co]):
    """value: None when the file has errors. diagnostics: all that is wrong with it. `at` makes further ones, for what
    only the owner of the section can judge (a PromQL expression, a route to a receiver that is not there)."""

    path: str
    text: str
    value: T_co | None
    diagnostics: tuple[Diagnostic, ...]
    root: Node

    def at(
        self,
        location: Location,
        code: str,
        message: str,
        *,
        severity: Severity = Severity.ERROR,
        offset: int | None = None,
        length: int = 1,
        on_key: bool = False,
    ) -> Diagnostic:
        """A diagnostic at the value at `location` (or at its key, or at the value's container where the value is not
        there); with `offset`, at that character of the value's text."""
        key, node = self.root.find(location)
        place = key if on_key else node.place
        if offset is not None:
            place = self._inside(node, offset, length)
        return Diagnostic(self.path, place.line, place.col, place.length, severity, code, message)

    def written_in(self, location: Location, text: str) -> str | None:
        """`text` as it is written inside the value at `location`, quoted as that is; None where it cannot stand."""
        _, node = self.root.find(location)
        if node.place.block:
            return text
        start = self._start_of(node.place)
        return quoted_as(self.text[start : start + 1] if node.place.quoted else "", text)

    def _inside(self, node: Node, offset: int, length: int) -> Place:
        place = node.place
        if place.quoted:
            quote = self._start_of(place)
            start, end = (source_offset(self.text, quote, each) for each in (offset, offset + length))
            return Place(place.line, place.col + start - quote, max(1, end - start))
        if not place.block:
            return Place(place.line, place.col + offset, length)
        row, column = block_offset(self.text, self._start_of(place), offset)
        return Place(place.line + row, column + 1, length)

    def _start_of(self, place: Place) -> int:
        """The offset of a place in the text."""
        starts = _line_starts(self.text)
        return starts[min(place.line, len(starts)) - 1] + place.col - 1


@lru_cache(maxsize=16)
def _line_starts(text: str) -> tuple[int, ...]:
    return (0, *(match.end() for match in re.finditer("\n", text)))


def load(text: str, path: str, kind: type[T]) -> Loaded[T]:
    """YAML text to a value of `kind`, a class made with `@section`; `path` is only for the diagnostics."""
    root = tree.read(text, path)
    if isinstance(root, Diagnostic):
        return Loaded(path, text, None, (root,), Node(None, Place(root.line, root.col, root.length)))
    return load_node(root, text, path, kind)


def load_node(root: Node, text: str, path: str, kind: type[T]) -> Loaded[T]:
    """A part of a document that was read already; locations then begin at `root`."""
    try:
        value = _adapter(kind).validate_python(root.plain())
    except ValidationError as error:
        faults = [_diagnostic(each, root, kind, path) for each in error.errors(include_url=False)]
        # A misspelt key makes the right one missing too: the misspelling is what to read first.
        faults.sort(key=lambda each: (each.line, each.code != "config/unknown-key", each.col))
        return Loaded(path, text, None, tuple(faults), root)
    return Loaded(path, text, value, (), root)


def load_tree(text: str, path: str) -> Loaded[tree.Plain]:
    """YAML (or JSON) text of any shape, as texts, lists and mappings with their places."""
    root = tree.read(text, path)
    if isinstance(root, Diagnostic):
        return Loaded(path, text, None, (root,), Node(None, Place(root.line, root.col, root.length)))
    return Loaded(path, text, root.plain(), (), root)


def load_trees(text: str, path: str) -> tuple[Loaded[tree.Plain], ...]:
    """As `load_tree`, of every document of a stream; one with what is wrong where it cannot be read."""
    roots = tree.read_all(text, path)
    if isinstance(roots, Diagnostic):
        return (Loaded(path, text, None, (roots,), Node(None, Place(roots.line, roots.col, roots.length))),)
    return tuple(Loaded(path, text, root.plain(), (), root) for root in roots)


def load_inside(outer: Loaded[Any], node: Node, *, is_json: bool = False) -> Loaded[tree.Plain]:
    """A text of `outer` that is a file itself, as a ConfigMap holds them: its tree has the places of the outer file."""
    read = embedding.read_inside(outer.text, node, outer.path, is_json=is_json)
    if isinstance(read, Diagnostic):
        return Loaded(outer.path, outer.text, None, (read,), Node(None, node.place))
    return Loaded(outer.path, outer.text, read.plain(), (), read)


def load_json(text: str, path: str) -> Loaded[tree.Plain]:
    """As `load_tree`, of JSON, which YAML's reader does not always take."""
    root = json_tree.read(text, path)
    if isinstance(root, Diagnostic):
        return Loaded(path, text, None, (root,), Node(None, Place(root.line, root.col, root.length)))
    return Loaded(path, text, root.plain(), (), root)


def load_file(path: Path, kind: type[T]) -> Loaded[T]:
    """`load` of a file; one that cannot be read is a diagnostic too."""
    try:
        with path.open("rb") as file:
            raw = file.read(tree.MAX_BYTES + 1)
        text = raw.decode("utf-8")
    except OSError as error:
        return _unreadable(path, f"cannot read the file: {error.strerror}")
    except UnicodeDecodeError as error:
        return _unreadable(path, f"not UTF-8 text (byte {error.start})")
    return load(text, str(path), kind)


def _unreadable(path: Path, reason: str) -> Loaded[Any]:
    fault = Diagnostic(str(path), 0, 0, 1, Severity.ERROR, "file/unreadable", reason)
    return Loaded(str(path), "", None, (fault,), Node(None, Place(1, 1, 1)))


_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def _diagnostic(error: Any, root: Node, kind: Any, path: str) -> Diagnostic:
    location: Location = tuple(error["loc"])
    key, node = root.find(location)
    place, code = node.place, "config/value"
    known = _keys(_type_at(kind, location[:-1]))
    match error["type"]:
        case "unexpected_keyword_argument":
            place, code, message = key, "config/unknown-key", _unknown(str(location[-1]), known)
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            code, message = "config/missing-key", f"the key '{location[-1]}' is missing here"
        case "value_error":
            message = str(error["ctx"]["error"])
        case "dataclass_type" | "dict_type":
            message = "expected a mapping (key: value)"
        case "tuple_type" | "list_type":
            message = "expected a list (- item)"
        case "string_type":
            message = "expected a text"
        case _:
            message = error["msg"][0].lower() + error["msg"][1:]
    return Diagnostic(path, place.line, place.col, place.length, Severity.ERROR, code, message)


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    shown = ", ".join(sorted(known)[:MAX_SHOWN]) + (" and more" if len(known) > MAX_SHOWN else "")
    return f"unknown key '{name}'; " + (f"did you mean '{close[0]}'?" if close else f"known here: {shown}")


def _fields(kind: Any) -> dict[str, Any]:
    if not dataclasses.is_dataclass(kind):
        return {}
    hints = typing.get_type_hints(kind, include_extras=True)
    return {_alias(hints[each.name]) or each.name: hints[each.name] for each in dataclasses.fields(kind)}


def _alias(hint: Any) -> str | None:
    extras: tuple[Any, ...] = getattr(hint, "__metadata__", ())
    return next((each.alias for each in extras if isinstance(each, FieldInfo) and each.alias), None)


def _keys(kind: Any) -> list[str]:
    return list(_fields(kind))


def _type_at(kind: Any, location: Location) -> Any:
    """The declared type of the value at `location`."""
    for step in location:
        kind = _inner(_fields(kind)[step]) if step in _fields(kind) else _element(kind)
    return kind


def _inner(hint: Any) -> Any:
    """A declared type without `Annotated[...]` and `| None`."""
    unwrap: Callable[[Any], Any] = lambda each: typing.get_args(each)[0] if hasattr(each, "__metadata__") else each  # noqa: E731
    hint = unwrap(hint)
    if isinstance(hint, types.UnionType):
        hint = next(each for each in typing.get_args(hint) if each is not types.NoneType)
    return unwrap(hint)


def _element(kind: Any) -> Any:
    arguments = typing.get_args(kind)
    return _inner(arguments[-1 if typing.get_origin(kind) is dict else 0]) if arguments else Any
