"""Reading what an API server sent: JSON whose every value is checked before it is used."""

from collections.abc import Iterator
from typing import Any, Final, cast

import orjson

_KINDS: Final = {str: "a text", int: "a whole number", bool: "true or false", dict: "a mapping", list: "a list"}


class MalformedDocument(ValueError):
    """A value is not of the type that the API's reference gives it."""


class Document:
    """A JSON object. What is absent or null is the empty value; for a value of another type than the one that is asked
    for, MalformedDocument is raised."""

    __slots__ = ("_value",)

    def __init__(self, value: dict[str, object]) -> None:
        self._value = value

    def text(self, name: str) -> str:
        return cast("str", self._get(name, str) or "")

    def number(self, name: str) -> int | None:
        return cast("int | None", self._get(name, int))

    def flag(self, name: str) -> bool | None:
        return cast("bool | None", self._get(name, bool))

    def inner(self, name: str) -> "Document":
        return Document(cast("dict[str, object]", self._get(name, dict) or {}))

    def has(self, name: str) -> bool:
        return self._value.get(name) is not None

    def each(self, name: str) -> Iterator["Document"]:
        """The objects of a list."""
        for value in cast("list[object]", self._get(name, list) or ()):
            if not isinstance(value, dict):
                raise MalformedDocument(f"{name} must be a list of mappings")
            yield Document(cast("dict[str, object]", value))

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list."""
        values = cast("list[object]", self._get(name, list) or [])
        if not all(isinstance(value, str) for value in values):
            raise MalformedDocument(f"{name} must be a list of texts")
        return tuple(cast("list[str]", values))

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """A mapping of names to texts."""
        values = cast("dict[str, object]", self._get(name, dict) or {})
        if not all(isinstance(value, str) for value in values.values()):
            raise MalformedDocument(f"{name} must be a mapping of names to texts")
        return tuple(cast("dict[str, str]", values).items())

    def _get(self, name: str, kind: type[Any]) -> object:
        value = self._value.get(name)
        if value is not None and type(value) is not kind:
            raise MalformedDocument(f"{name} must be {_KINDS[kind]}")
        return value


def parse(raw: bytes) -> Document:
    """A JSON object. Raises MalformedDocument."""
    try:
        value: object = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedDocument(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise MalformedDocument("not a mapping")
    return Document(cast("dict[str, object]", value))
