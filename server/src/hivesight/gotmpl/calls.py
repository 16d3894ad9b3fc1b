"""Calling a Python function from a template: its annotations say what it takes, as Go's types do."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, get_args, get_origin

from hivesight.gotmpl.errors import FunctionError
from hivesight.gotmpl.values import as_mapping, as_sequence, type_name

Function = Callable[..., object]
_REST: Final = inspect.Parameter.VAR_POSITIONAL


@dataclass(frozen=True, slots=True)
class _Signature:
    """The annotations of the parameters, of the rest where it takes any number, and how many must be given."""

    kinds: tuple[object, ...]
    rest: object | None
    least: int


@lru_cache(maxsize=512)
def _signature(function: Function) -> _Signature:
    kinds: list[object] = []
    rest: object | None = None
    least = 0
    for parameter in inspect.signature(function).parameters.values():
        kind: object = object if parameter.annotation is inspect.Parameter.empty else parameter.annotation
        if parameter.kind is _REST:
            rest = kind
        else:
            kinds.append(kind)
            least += parameter.default is inspect.Parameter.empty
    return _Signature(tuple(kinds), rest, least)


def call(name: str, function: Function, arguments: Sequence[object]) -> object:
    """The function's value. Raises FunctionError where number or types of the arguments do not fit, and what the
    function raises."""
    signature = _signature(function)
    most = len(signature.kinds) if signature.rest is None else len(arguments)
    if not signature.least <= len(arguments) <= most:
        wanted = f"{signature.least}{'' if signature.least == most else ' or more'}"
        raise FunctionError(f"wrong number of args for {name}: want {wanted} got {len(arguments)}")
    given: list[object] = []
    for index, argument in enumerate(arguments):
        kind = signature.kinds[index] if index < len(signature.kinds) else signature.rest
        given.append(_fitted(kind, argument))
    return function(*given)


def _fitted(kind: object, value: object) -> object:
    """The value as the parameter takes it."""
    if kind is object:
        return value
    if kind is float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        raise _misfit("float64", value)
    if kind is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise _misfit("int", value)
    origin = get_origin(kind)
    if origin is Sequence:
        return _sequence(get_args(kind)[0], value)
    if origin is Mapping:
        if as_mapping(value) is None:
            raise _misfit("map", value)
        return value
    if isinstance(kind, str):
        # A class that is annotated by its name inside itself is one of ours.
        return _named(kind, value)
    if isinstance(kind, type) and not isinstance(value, kind):
        raise _misfit("string" if kind is str else str(getattr(kind, "type_name", kind.__name__)), value)
    return value


def _named(kind: str, value: object) -> object:
    if type(value).__name__ != kind:
        raise _misfit(kind, value)
    return value


def _sequence(kind: object, value: object) -> object:
    sequence = as_sequence(value)
    if value is None:
        return ()
    if sequence is None or (kind is str and not all(isinstance(each, str) for each in sequence)):
        raise _misfit("[]string" if kind is str else "slice", value)
    return sequence


def _misfit(wanted: str, value: object) -> FunctionError:
    if value is None:
        return FunctionError(f"invalid value; expected {wanted}")
    return FunctionError(f"wrong type for value; expected {wanted}; got {type_name(value)}")
