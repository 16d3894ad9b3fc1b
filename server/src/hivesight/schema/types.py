"""The kinds of values that the field's configuration files are made of. Each checks what it is given and says what is
expected; all of them read texts, since YAML scalars reach us as they were written."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

from pydantic import PlainValidator

from hivesight.model.duration import parse_duration
from hivesight.model.labels import Labels
from hivesight.model.matcher import compile_regex
from hivesight.model.secret import Secret

T = TypeVar("T")

_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_SIZE: Final = re.compile(r"([0-9]{1,15})(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?")
_UNITS: Final = {"": 0, "B": 0, "K": 10, "M": 20, "G": 30, "T": 40}


def parsed(parse: Callable[[str], Any]) -> Any:
    """Annotation of a field whose text `parse` turns into its value; `parse` raises ValueError with the reason."""

    def validate(value: object) -> object:
        if not isinstance(value, str):
            raise ValueError("expected a text")
        return parse(value)

    return PlainValidator(validate)


def _positive(text: str) -> int:
    ms = parse_duration(text)
    if ms <= 0:
        raise ValueError("must be longer than zero")
    return ms


def _label_name(text: str) -> str:
    """UTF-8 label names are valid since Prometheus 3; only the empty one is not."""
    if not text:
        raise ValueError("a label name cannot be empty")
    return text


def _metric_name(text: str) -> str:
    if not text:
        raise ValueError("a metric name cannot be empty")
    return text


def _labels(value: object) -> Labels:
    if not isinstance(value, dict):
        raise ValueError("expected a mapping of label names to values")
    pairs: dict[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]
    for name, text in pairs.items():
        if not isinstance(text, str):
            raise ValueError(f"the value of label '{name}' must be a text")
        if name == "__name__" or not name:
            raise ValueError(f"'{name}' is not a valid label name here")
    return Labels(pairs)


def _regex(text: str) -> str:
    compile_regex(text)
    return text


def check_http_url(text: str) -> None:
    """Raises ValueError, without the text, which may hold a token, unless it is an absolute http or https URL."""
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError("not a URL: write http://... or https://...") from error
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"unsupported scheme {parts.scheme!r} for a URL: write http://... or https://...")
    if not parts.hostname:
        raise ValueError("missing host in the URL")
    if text != text.lstrip() or any(each.isspace() for each in parts.netloc):
        raise ValueError("a URL has no blanks in it")
    try:
        _ = parts.port
    except ValueError as error:
        raise ValueError("the port of a URL must be a number up to 65535") from error


def _url(text: str) -> str:
    check_http_url(text)
    return text


def _bytes(text: str) -> int:
    """Prometheus' size grammar: powers of 1024 for `KB` and for `KiB` alike (alecthomas/units.Base2Bytes)."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a size: {text!r} (write it like 10MB)")
    return int(match[1]) << _UNITS[(match[2] or "")[:1]]


Text = Annotated[str, parsed(str)]
"""Any text."""
DurationMs = Annotated[int, parsed(parse_duration)]
"""A Prometheus duration, as milliseconds."""
PositiveDurationMs = Annotated[int, parsed(_positive)]
"""A Prometheus duration longer than zero, as milliseconds."""
LabelName = Annotated[str, parsed(_label_name)]
MetricName = Annotated[str, parsed(_metric_name)]
LabelSet = Annotated[Labels, PlainValidator(_labels)]
"""A mapping of label names to values, as `Labels`."""
RegexText = Annotated[str, parsed(_regex)]
"""An RE2 expression that compiles."""
SecretText = Annotated[Secret, parsed(Secret)]
HttpUrl = Annotated[str, parsed(_url)]
"""An absolute http or https URL."""
Bytes = Annotated[int, parsed(_bytes)]
"""A size such as `10MB`, in bytes."""
