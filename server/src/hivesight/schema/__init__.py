"""YAML text + a frozen dataclass -> a value, or diagnostics with line and column. The only room that knows how
configuration is read and checked: nobody else imports pydantic or yaml."""

from hivesight.schema.loading import Loaded, load, load_file
from hivesight.schema.section import key, section
from hivesight.schema.types import (
    Bytes,
    DurationMs,
    HttpUrl,
    LabelName,
    LabelSet,
    MetricName,
    PositiveDurationMs,
    RegexText,
    SecretText,
    Text,
    parsed,
)

__all__ = [
    "Bytes",
    "DurationMs",
    "HttpUrl",
    "LabelName",
    "LabelSet",
    "Loaded",
    "MetricName",
    "PositiveDurationMs",
    "RegexText",
    "SecretText",
    "Text",
    "key",
    "load",
    "load_file",
    "parsed",
    "section",
]
