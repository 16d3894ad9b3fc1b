"""What a template may hold, and how Go sees it: kinds, truth, fields and methods. Nothing of a Python object is
visible unless the object says so through `Fields` or `Methods`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Protocol, TypeGuard, TypeVar, cast, overload

Method = Callable[..., object]
_T = TypeVar("_T")


class Fields(Protocol):
    """An object with fields that a template may read."""

    def template_fields(self) -> Mapping[str, object]:
        """Name -> value of every field."""
        ...


class Methods(Protocol):
    """An object with methods that a template may call."""

    def template_methods(self) -> Mapping[str, Method]:
        """Name -> bound method. A method's annotations say which arguments it takes."""
        ...


class Stringer(Protocol):
    """An object that prints as a text of its own (Go's fmt.Stringer)."""

    def template_string(self) -> str: ...


# Not isinstance with a runtime protocol: that takes 50 us a question, and values are asked often.


def has_fields(value: object) -> TypeGuard[Fields]:
    return hasattr(type(value), "template_fields")


def has_methods(value: object) -> TypeGuard[Methods]:
    return hasattr(type(value), "template_methods")


def has_string(value: object) -> TypeGuard[Stringer]:
    return hasattr(type(value), "template_string")


class SafeHtml(str):
    """A text that an HTML template prints as it is."""

    __slots__ = ()


class AnyMap(dict[str, object]):
    """A map of values of any kind: a missing key is nil, where a map of strings gives the empty string."""

    __slots__ = ()


class Record:
    """A struct made of its fields: `Record("Alert", {"Status": "firing"})`."""

    __slots__ = ("_fields", "type_name")

    def __init__(self, type_name: str, fields: Mapping[str, object]) -> None:
        self.type_name = type_name
        self._fields = fields

    def template_fields(self) -> Mapping[str, object]:
        return self._fields


class MethodList(Sequence[_T]):
    """A slice that has methods of its own, such as Alertmanager's `Alerts` with `Firing` and `Resolved`."""

    __slots__ = ("_items", "_methods")

    def __init__(self, items: Sequence[_T], methods: Mapping[str, Method]) -> None:
        self._items = items
        self._methods = methods

    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_T]: ...
    def __getitem__(self, index: int | slice) -> _T | Sequence[_T]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[_T]:
        return iter(self._items)

    def template_methods(self) -> Mapping[str, Method]:
        return self._methods


ABSENT: Final = object()
"""There is no such field, key or method."""


def as_mapping(value: object) -> Mapping[object, object] | None:
    """The value as a map, or None where it is none."""
    return cast("Mapping[object, object]", value) if isinstance(value, Mapping) else None


def as_sequence(value: object) -> Sequence[object] | None:
    """The value as a slice, or None where it is none (a string is none)."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return cast("Sequence[object]", value)
    return None


def truth(value: object) -> bool:
    """Whether Go's templates take the value for true: empty is false, a struct is always true."""
    if value is None or isinstance(value, bool | int | float | str):
        return bool(value)
    mapping = as_mapping(value)
    if mapping is not None:
        return len(mapping) > 0
    sequence = as_sequence(value)
    return sequence is None or len(sequence) > 0


def method_of(value: object, name: str) -> Method | None:
    """The value's method of this name, or None."""
    return value.template_methods().get(name) if has_methods(value) else None


def field_of(value: object, name: str) -> object:
    """The value's field or entry of this name, or ABSENT where the kind of value has no such thing. A missing key
    of a map of strings is the empty string, of any other map nil (text/template's missingkey=zero)."""
    if has_fields(value):
        return value.template_fields().get(name, ABSENT)
    mapping = as_mapping(value)
    return ABSENT if mapping is None else entry_of(mapping, name)


def entry_of(mapping: Mapping[object, object], key: object) -> object:
    """The entry under a key, or the zero value of the map's kind."""
    if key in mapping:
        return mapping[key]
    return "" if holds_strings(mapping) else None


def holds_strings(mapping: Mapping[object, object]) -> bool:
    """Whether this is Go's map[string]string."""
    return not isinstance(mapping, AnyMap) and all(isinstance(each, str) for each in mapping.values())


def type_name(value: object) -> str:
    """The Go type that the value stands for, as `%T` and errors show it."""
    if isinstance(value, bool):
        return "bool"
    for kind, shown in _NAMES:
        if isinstance(value, kind):
            return shown
    own = getattr(value, "type_name", None)
    if isinstance(own, str):
        return own
    mapping = as_mapping(value)
    if mapping is not None:
        return "map[string]string" if holds_strings(mapping) else "map[string]interface {}"
    if as_sequence(value) is not None:
        return "[]interface {}"
    return "<nil>" if value is None else type(value).__name__


_NAMES: Final[tuple[tuple[type, str], ...]] = (
    (SafeHtml, "template.HTML"),
    (str, "string"),
    (int, "int"),
    (float, "float64"),
)
