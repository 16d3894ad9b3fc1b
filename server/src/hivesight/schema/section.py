"""The one way to write a piece of configuration: a frozen dataclass whose unknown keys are errors."""

from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def section(cls: type[T]) -> type[T]:
    """Class decorator: `@dataclass(frozen=True, slots=True, kw_only=True)` that `load` can read from YAML. Fields may
    be other sections, `tuple[section, ...]`, `dict[str, section]`, `X | None`, and the types of `schema.types`."""
    cls.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]  # pydantic's own hook
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


def key(name: str) -> Any:
    """The YAML key of a field where the two differ: `for_ms: Annotated[DurationMs, key("for")] = 0`."""
    return Field(alias=name)
