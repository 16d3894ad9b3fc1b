"""Native histograms as text: `schema:1 sum:-0.3 count:3.1 buckets:[5.1 10 7] offset:-3`, without the braces."""

import re
from typing import Final

from hivesight.model.gofloat import format_g
from hivesight.model.histogram import CUSTOM, SCHEMAS, Hint, Histogram, Scale

_KEYS: Final = (
    "schema", "sum", "count", "z_bucket", "z_bucket_w", "custom_values", "buckets", "offset", "n_buckets", "n_offset",
    "counter_reset_hint",
)  # fmt: skip
_LISTS: Final = frozenset({"custom_values", "buckets", "n_buckets"})
_PART: Final = re.compile(r"\s*([a-z_]+):(\[[^\[\]]*\]|[^\s\[\]]+)(?!\S)")
_HINTS: Final = {"unknown": Hint.UNKNOWN, "reset": Hint.RESET, "not_reset": Hint.NOT_RESET, "gauge": Hint.GAUGE}
_MAX_OFFSET: Final = 2**31
_MAX_SHOWN: Final = 200


def parse_histogram(text: str) -> Histogram:
    """The histogram that is written. Raises ValueError with the reason."""
    parts = _parts(text)
    schema = _whole("schema", parts.get("schema", "0"))
    bounds = _numbers(parts.get("custom_values", "[]"))
    if schema != CUSTOM and schema not in SCHEMAS:
        raise ValueError(f"schema:{schema} is not known: it goes from -4 to 8, and is -53 with custom_values")
    if (schema == CUSTOM) != ("custom_values" in parts):
        raise ValueError("custom_values and schema:-53 belong together")
    if list(bounds) != sorted(set(bounds)):
        raise ValueError("custom_values must increase")
    if schema == CUSTOM and ({"n_buckets", "z_bucket", "z_bucket_w"} & set(parts)):
        raise ValueError("a histogram with custom_values has no zero bucket and no negative ones")
    hint = parts.get("counter_reset_hint", "unknown")
    if hint not in _HINTS:
        raise ValueError(f"counter_reset_hint:{hint} is not known: write one of {', '.join(_HINTS)}")
    positive = _buckets(parts, "buckets", "offset")
    if schema == CUSTOM and any(not 0 <= key <= len(bounds) for key in positive):
        raise ValueError("there are more buckets than custom_values and one make")
    return Histogram(
        Scale(schema, _number("z_bucket_w", parts.get("z_bucket_w", "0")), bounds),
        count=_number("count", parts.get("count", "0")),
        sum=_number("sum", parts.get("sum", "0")),
        zero=_number("z_bucket", parts.get("z_bucket", "0")),
        positive=positive,
        negative=_buckets(parts, "n_buckets", "n_offset"),
        hint=_HINTS[hint],
    )


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _PART.match(text, at)
        if match is None or match[1] not in _KEYS:
            raise ValueError(f"{text[at:].strip()[:40]!r} is no part of a histogram: there are {', '.join(_KEYS)}")
        name, value = match[1], match[2]
        if name in parts:
            raise ValueError(f"{name} stands twice in a histogram")
        if value.startswith("[") != (name in _LISTS):
            raise ValueError(f"{name} is written like {name}:" + ("[1 2 3]" if name in _LISTS else "1"))
        parts[name] = value
        at = match.end()
    return parts


def _buckets(parts: dict[str, str], name: str, offset: str) -> dict[int, float]:
    first = _whole(offset, parts.get(offset, "0"))
    return dict(enumerate(_numbers(parts.get(name, "[]")), first))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(_number("a bucket", each) for each in text[1:-1].split())


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} is a number, not {text[:40]!r}") from None


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", text) or abs(int(text)) >= _MAX_OFFSET:
        raise ValueError(f"{name} is a whole number of 31 bits, not {text[:40]!r}")
    return int(text)


def histogram_text(histogram: Histogram) -> str:
    """A histogram as it would be written, with its braces; what is zero is left out."""
    scale = histogram.scale
    numbers = {
        "count": histogram.count,
        "sum": histogram.sum,
        "z_bucket": histogram.zero,
        "z_bucket_w": scale.zero_threshold,
    }
    parts = [f"schema:{scale.schema}"] if scale.schema else []
    parts += [f"{name}:{format_g(value)}" for name, value in numbers.items() if value]
    if scale.custom:
        parts.append(f"custom_values:{_list(list(scale.bounds))}")
    if histogram.hint is not Hint.UNKNOWN:
        parts.append(f"counter_reset_hint:{histogram.hint.name.lower()}")
    for name, offset, buckets in (
        ("buckets", "offset", histogram.positive),
        ("n_buckets", "n_offset", histogram.negative),
    ):
        keys = sorted(key for key, count in buckets.items() if count)
        if not keys:
            continue
        last = min(keys[-1], keys[0] + _MAX_SHOWN)
        if keys[0]:
            parts.append(f"{offset}:{keys[0]}")
        parts.append(f"{name}:{_list([buckets.get(key, 0.0) for key in range(keys[0], last + 1)])}")
    return "{{" + " ".join(parts) + "}}"


def _list(numbers: list[float]) -> str:
    return "[" + " ".join(map(format_g, numbers)) + "]"
