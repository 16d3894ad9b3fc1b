"""YAML text + a frozen dataclass -> a value, or diagnostics with line and column. The only room that knows how
configuration is read and checked: nobody else imports pydantic or yaml."""

from hivesight.schema.loading import Loaded, load, load_file, load_inside, load_json, load_node, load_tree, load_trees
from hivesight.schema.paths import joined
from hivesight.schema.section import key, section
from hivesight.schema.tree import Plain
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
    check_http_url,
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
    "Plain",
    "PositiveDurationMs",
    "RegexText",
    "SecretText",
    "Text",
    "check_http_url",
    "joined",
    "key",
    "load",
    "load_file",
    "load_inside",
    "load_json",
    "load_node",
    "load_tree",
    "load_trees",
    "parsed",
    "section",
]
