"""One line of exposition text, taken apart: a series with its value, or a comment with metadata. This is the cold path
of `ingest.exposition`, which calls it for lines that it has not seen before. Grammar: Prometheus text format 0.0.4 and
1.0.0 (quoted UTF-8 names) and OpenMetrics 1.0."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hivesight.model.labels import METRIC_NAME, Labels

MAX_LABELS: Final = 512
MAX_NAME_BYTES: Final = 8 << 10
MAX_VALUE_BYTES: Final = 256 << 10
MAX_HELP_BYTES: Final = 64 << 10

TEXT_TYPES: Final = frozenset(("counter", "gauge", "histogram", "summary", "untyped", "unknown"))
OPENMETRICS_TYPES: Final = TEXT_TYPES | {"gaugehistogram", "stateset", "info"}

# Possessive throughout: a line that does not match costs no more than its length.
_STRING: Final = rb'"(?:[^"\\]|\\.)*+"'
_NAME: Final = re.compile(rb"[a-zA-Z_:][a-zA-Z0-9_:]*+")
_SIMPLE_PAIRS: Final = re.compile(r'(?:[a-zA-Z_][a-zA-Z0-9_]*+="[^"\\]*+"(?:,|$))*+')
_SIMPLE_PAIR: Final = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*+)="([^"\\]*+)"')
_SERIES: Final = re.compile(rb"([a-zA-Z_:][a-zA-Z0-9_:]*+)?[ \t]*+(\{(?:[^\"{}]++|" + _STRING + rb")*+\})?", re.DOTALL)
_PAIR: Final = re.compile(
    rb"[ \t]*+(?:([a-zA-Z_][a-zA-Z0-9_]*+)|(" + _STRING + rb"))[ \t]*+(?:(=)[ \t]*+(" + _STRING + rb"))?+[ \t]*+(,|\})",
    re.DOTALL,
)
_EXEMPLAR: Final = re.compile(
    rb"#[ ]*(\{(?:[^\"{}]++|" + _STRING + rb")*+\})[ ]+([^ ]+)(?:[ ]+([^ ]+))?[ ]*", re.DOTALL
)
_COMMENT: Final = re.compile(rb"#[ \t]+(HELP|TYPE|UNIT)[ \t]+(" + _STRING + rb"|[^ \t]+)(?:[ \t](.*))?", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\([\\\"n])")
_FLOAT: Final = re.compile(
    rb"[+-]?(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?|[+-]?[iI][nN][fF](?:inity)?|[nN][aA][nN]"
)
_INTEGER: Final = re.compile(rb"[+-]?[0-9]{1,18}")
_MAX_TIME_MS: Final = 1 << 62


class LineError(ValueError):
    """What is wrong with a line, in words."""


class MetadataKind(Enum):
    HELP = b"HELP"
    TYPE = b"TYPE"
    UNIT = b"UNIT"


@dataclass(frozen=True, slots=True)
class Exemplar:
    """An example of what a sample counts. time_ms: None where the line tells none."""

    labels: Labels
    value: float
    time_ms: int | None


@dataclass(frozen=True, slots=True)
class Sample:
    """series: the bytes that name it, as they stand in the line. value: the bytes of its value, checked.
    time_ms: None where the line tells none. plain: the line is `series`, white space and `value`, nothing more."""

    series: bytes
    value: bytes
    time_ms: int | None
    exemplar: Exemplar | None
    plain: bool


def sample(line: bytes, *, openmetrics: bool) -> Sample:
    """The parts of a sample's line. Raises LineError."""
    match = _SERIES.match(line)
    if match is None or (match[1] is None and match[2] is None):
        raise LineError(f"expected a metric name, found {shown(line)}")
    series, rest = line[: match.end()].strip(b" \t"), line[match.end() :]
    if rest[:1] == b"{":
        raise LineError(f"the labels do not end: {shown(line)}")
    if rest and match[2] is None and line[match.end() - 1 : match.end()] not in (b" ", b"\t"):
        raise LineError(f"not a metric name: {shown(line.split()[0])}")
    exemplar: Exemplar | None = None
    hash_at = rest.find(b"#")
    if hash_at >= 0:
        if not openmetrics:
            raise LineError(f"unexpected text after the value: {shown(rest[hash_at:])}")
        exemplar, rest = _exemplar(rest[hash_at:]), rest[:hash_at]
    words = rest.split()
    if not words:
        raise LineError(f"no value after the series {shown(series)}")
    if len(words) > 2:
        raise LineError(f"expected the end of the line after the timestamp, found {shown(words[2])}")
    if not _FLOAT.fullmatch(words[0]):
        raise LineError(f"not a number: {shown(words[0])}")
    time_ms = _timestamp(words[1], openmetrics) if len(words) == 2 else None
    return Sample(series, words[0], time_ms, exemplar, len(words) == 1 and exemplar is None)


def number(text: bytes) -> float:
    """A value as Go's ParseFloat reads it within Prometheus' bounds (no hexadecimal, no underscores).
    Raises LineError."""
    if not _FLOAT.fullmatch(text):
        raise LineError(f"not a number: {shown(text)}")
    value = float(text)
    if value in (float("inf"), float("-inf")) and b"n" not in text.lower():
        raise LineError(f"value out of range: {shown(text)}")
    return value


def quick(series: bytes, value: bytes) -> dict[str, str] | None:
    """The labels of a series that is written in the usual way, as is its value, else None: no escapes, no
    quoted names, no superfluous blanks, nothing but a number as value. This is a quick way to `sample` and
    `series_labels`, which judge all the rest."""
    name, brace, inner = series.partition(b"{")
    if not _FLOAT.fullmatch(value) or not _NAME.fullmatch(name) or len(series) > MAX_NAME_BYTES:
        return None
    if not brace:
        return {METRIC_NAME: name.decode()}
    try:
        text = inner.decode()
    except UnicodeDecodeError:
        return None
    if text[-1:] != "}" or not _SIMPLE_PAIRS.fullmatch(text, 0, len(text) - 1):
        return None
    found: list[tuple[str, str]] = _SIMPLE_PAIR.findall(text)
    pairs = dict(found)
    if len(pairs) != len(found) or len(found) > MAX_LABELS or METRIC_NAME in pairs:
        return None
    pairs[METRIC_NAME] = name.decode()
    return pairs


def series_labels(series: bytes) -> dict[str, str]:
    """The labels, `__name__` with them, that the bytes of a series name; empty values are kept, since `honor_labels`
    tells them from labels that are not there. Raises LineError."""
    name_end = series.find(b"{")
    name = (series if name_end < 0 else series[:name_end]).strip(b" \t")
    pairs: dict[str, str] = {}
    if name:
        pairs[METRIC_NAME] = _text(name, MAX_NAME_BYTES, "metric name")
    if name_end >= 0:
        _labels(series, name_end + 1, pairs)
    if not pairs.get(METRIC_NAME):
        raise LineError(f"no metric name in {shown(series)}")
    return pairs


def comment(line: bytes, *, openmetrics: bool) -> tuple[MetadataKind, str, str] | None:
    """Metadata: what kind, of which metric, which text; None for a comment without meaning. Raises LineError."""
    match = _COMMENT.fullmatch(line)
    if match is None:
        if openmetrics:
            raise LineError(f"a comment must be HELP, TYPE, UNIT or EOF, found {shown(line)}")
        return None
    kind = MetadataKind(match[1])
    name_text: bytes = match[2]
    name = _quoted(name_text, MAX_NAME_BYTES, "metric name") if name_text[:1] == b'"' else ""
    name = name or _text(name_text, MAX_NAME_BYTES, "metric name")
    rest: bytes = (match[3] or b"") if kind is MetadataKind.HELP else (match[3] or b"").strip(b" \t")
    text = _text(rest, MAX_HELP_BYTES, f"{kind.name} text")
    if kind is MetadataKind.HELP:
        return kind, name, _unescaped(text)
    if kind is MetadataKind.TYPE:
        if text not in (OPENMETRICS_TYPES if openmetrics else TEXT_TYPES):
            raise LineError(f"invalid metric type {shown(rest)} for {name}")
        return kind, name, "unknown" if text == "untyped" else text
    return (kind, name, text) if openmetrics else None


def shown(text: bytes) -> str:
    """A piece of foreign text for an error message: short, quoted, without control characters."""
    cut = text[:60].decode("utf-8", "backslashreplace")
    printable = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in cut)
    return f'"{printable}{"..." if len(text) > 60 else ""}"'


def _labels(series: bytes, position: int, pairs: dict[str, str]) -> None:
    first = True
    seen: set[str] = set()
    while True:
        match = _PAIR.match(series, position)
        if match is None:
            rest = series[position:].strip(b" \t")
            if rest == b"}":
                return
            raise LineError(f"cannot read the labels at {shown(series[position:])}")
        bare, string, equals, value, closing = match.groups()
        if equals is None:
            if not first or string is None or METRIC_NAME in pairs:
                raise LineError(f'expected name="value" at {shown(series[position:])}')
            pairs[METRIC_NAME] = _quoted(string, MAX_NAME_BYTES, "metric name")
        else:
            name = bare.decode() if bare is not None else _quoted(string, MAX_NAME_BYTES, "label name")
            if not name or len(name) > MAX_NAME_BYTES:
                raise LineError("a label name is empty" if not name else f"a label name is over {MAX_NAME_BYTES} bytes")
            if name in seen or (name == METRIC_NAME and name in pairs):
                raise LineError(f"label name {shown(name.encode())} is not unique")
            seen.add(name)
            if len(seen) > MAX_LABELS:
                raise LineError(f"more than {MAX_LABELS} labels")
            pairs[name] = _quoted(value, MAX_VALUE_BYTES, f"value of label {name[:60]}")
        position = match.end()
        first = False
        if closing == b"}":
            if series[position:].strip(b" \t"):
                raise LineError(f"cannot read {shown(series[position:])}")
            return


def _exemplar(text: bytes) -> Exemplar:
    match = _EXEMPLAR.fullmatch(text)
    if match is None:
        raise LineError(f"cannot read the exemplar {shown(text)}")
    pairs: dict[str, str] = {}
    _labels(match[1], 1, pairs)
    time_ms = _seconds(match[3]) if match[3] is not None else None
    return Exemplar(Labels(pairs), number(match[2]), time_ms)


def _timestamp(text: bytes, openmetrics: bool) -> int:
    if openmetrics:
        return _seconds(text)
    if not _INTEGER.fullmatch(text):
        raise LineError(f"expected a timestamp in milliseconds, found {shown(text)}")
    return int(text)


def _seconds(text: bytes) -> int:
    seconds = number(text)
    if not abs(seconds) < _MAX_TIME_MS / 1000:
        raise LineError(f"invalid timestamp {shown(text)}")
    return int(seconds * 1000)


def _text(raw: bytes, limit: int, what: str) -> str:
    if len(raw) > limit:
        raise LineError(f"the {what} is over {limit} bytes")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise LineError(f"invalid UTF-8 in the {what}: {shown(raw)}") from None


def _quoted(raw: bytes, limit: int, what: str) -> str:
    return _unescaped(_text(raw[1:-1], limit, what))


_REPLACED: Final[dict[str, str]] = {"n": "\n"}
_replace: Final[Callable[[re.Match[str]], str]] = lambda match: _REPLACED.get(match[1], match[1])  # noqa: E731


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_replace, text) if "\\" in text else text
