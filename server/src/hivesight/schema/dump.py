"""A value that was read from a file, as YAML again: what is said or counts, and no secret. It is never the file's text,
so that a comment or a key that nobody knows cannot carry anything out."""

import dataclasses
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final

import yaml
from pydantic.fields import FieldInfo

from hivesight.model.duration import format_duration
from hivesight.model.secret import Secret
from hivesight.schema.loading import Loaded
from hivesight.schema.tree import Plain

HIDDEN: Final = "<secret>"
HIDDEN_USER: Final = "xxxxx"
"""In a URL, which must stay one for whoever reads the file (Go, `url.Redacted`)."""

# Sections that are known and not modelled hold texts as they were written: their keys say what is secret.
_SECRET_KEY: Final = re.compile(r"password|secret|token|credential|_key$|apikey|auth|headers?")
_NOT_SECRET: Final = re.compile(
    r".*(_file|_files|_ref|_url|_path|_id|_name|_type|_method)|authorization|basic_auth|oauth2"
)
_USER: Final = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*://)([^/?#@]*@)")
_QUERY: Final = re.compile(r"([?&][^=&#]*(?:token|secret|password|key)[^=&#]*=)[^&#]*", re.IGNORECASE)
_SIZES: Final = (("GiB", 30), ("MiB", 20), ("KiB", 10))


def to_yaml(value: Any, always: Iterable[str] = ()) -> str:
    """A section to YAML. Values that are as by default are left out, but for keys in `always`; secrets are
    `<secret>`, and names and passwords inside of URLs `xxxxx`."""
    return _dump(_section(value, frozenset(always)))


def as_written(loaded: Loaded[Any]) -> str:
    """A file that was read and has no errors, as YAML with the keys and values that it was written with; secrets are
    hidden as in `to_yaml`. Comments are not in it, nor keys without a value."""
    return "" if loaded.value is None else _dump(_written(loaded.value, loaded.root.plain()))


def _written(value: Any, plain: Plain) -> Any:
    """`plain`, from which `value` was made, without its secrets."""
    if isinstance(value, Secret):
        return HIDDEN
    if dataclasses.is_dataclass(value) and isinstance(plain, Mapping):
        return _written_section(value, plain)
    if isinstance(value, Mapping) and isinstance(plain, Mapping):
        pairs: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return {key: _written(pairs[key], each) for key, each in plain.items()}
    if isinstance(value, tuple) and isinstance(plain, list):
        return [_written(each, text) for each, text in zip(_listed(value), plain, strict=True)]
    if isinstance(value, bool):
        return value
    # A duration, a size or a range stays as it was written.
    return value if isinstance(value, int) and plain == str(value) else _unmodelled("", plain)


def _written_section(value: Any, plain: Mapping[str, Plain]) -> dict[str, Any]:
    hints = typing.get_type_hints(value.__class__, include_extras=True)
    fields = {_alias(hint) or name: (name, hint) for name, hint in hints.items()}
    said: dict[str, Any] = {}
    for key, each in plain.items():
        name, hint = fields[key]
        said[key] = _unmodelled(key, each) if hint is Any else _written(getattr(value, name), each)
    return said


def _dump(document: Any) -> str:
    # The stubs of PyYAML give `width` a type that they do not import.
    dump = typing.cast("Callable[..., str]", yaml.safe_dump)  # pyright: ignore[reportUnknownMemberType]
    return dump(document, sort_keys=False, allow_unicode=True, width=1000)


def _section(value: Any, always: frozenset[str]) -> dict[str, Any]:
    hints = typing.get_type_hints(value.__class__, include_extras=True)
    said: dict[str, Any] = {}
    # A job begins with its name, wherever its class is derived from.
    for each in sorted(dataclasses.fields(value), key=lambda field: field.name != "job_name"):
        name = _alias(hints[each.name]) or each.name
        found = getattr(value, each.name)
        if found is None or (name not in always and _is_default(each, found)):
            continue
        if hints[each.name] is Any:
            said[name] = _unmodelled(name, found)
        else:
            said[name] = _modelled(each.name, found, always)
    return said


def _is_default(field: "dataclasses.Field[Any]", value: object) -> bool:
    if field.default_factory is not dataclasses.MISSING:
        return bool(value == field.default_factory())
    return field.default is not dataclasses.MISSING and bool(value == field.default)


def _modelled(name: str, value: Any, always: frozenset[str]) -> Any:
    if isinstance(value, Secret):
        return HIDDEN
    if dataclasses.is_dataclass(value):
        return _section(value, always)
    if isinstance(value, Mapping):
        pairs: Mapping[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]
        hidden = {key for key in pairs if name == "params" and _is_secret(str(key))}
        return {
            str(key): _hidden(each) if key in hidden else _modelled("", each, always) for key, each in pairs.items()
        }
    if isinstance(value, tuple | list):
        return [_modelled("", each, always) for each in _listed(value)]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return _text(value)
    if name.endswith("_ms"):
        return format_duration(value)
    if name == "body_size_limit":
        return next((f"{value >> bits}{unit}" for unit, bits in _SIZES if value and value % (1 << bits) == 0), value)
    return value


def _unmodelled(name: str, value: Any) -> Any:
    """Texts, lists and mappings as they were written."""
    if _is_secret(name) and value is not None:
        return _hidden(value)
    if isinstance(value, Mapping):
        pairs: Mapping[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return {str(key): _unmodelled(str(key), each) for key, each in pairs.items()}
    if isinstance(value, tuple | list):
        return [_unmodelled("", each) for each in _listed(value)]
    return _text(value) if isinstance(value, str) else value


def _is_secret(key: str) -> bool:
    low = key.lower()
    return low == "key" or (_SECRET_KEY.search(low) is not None and _NOT_SECRET.fullmatch(low) is None)


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        pairs: Mapping[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return {str(key): _hidden(each) for key, each in pairs.items()}
    if isinstance(value, tuple | list):
        return [_hidden(each) for each in _listed(value)]
    return HIDDEN


def _listed(value: Any) -> Iterable[Any]:
    return value


def _text(text: str) -> str:
    """The text; a URL without its password, the token that stands for a user, and the tokens in its query."""

    def hide(match: re.Match[str]) -> str:
        user, colon, _ = match[2].partition(":")
        return f"{match[1]}{user}:{HIDDEN_USER}@" if colon else f"{match[1]}{HIDDEN_USER}@"

    return _QUERY.sub(lambda match: match[1] + HIDDEN, _USER.sub(hide, text)) if "://" in text else text


def _alias(hint: Any) -> str | None:
    extras: tuple[Any, ...] = getattr(hint, "__metadata__", ())
    return next((each.alias for each in extras if isinstance(each, FieldInfo) and each.alias), None)
