"""Durations as Prometheus writes them: `1h30m`, `15s`, `250ms`."""

import re
from typing import Final

_UNIT_MS: Final = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_PATTERN: Final = re.compile("".join(rf"(?:([0-9]{{1,12}}){unit})?" for unit in _UNIT_MS))
_LARGEST_MS: Final = (2**63 - 1) // 1_000_000


def parse_duration(text: str) -> int:
    """Milliseconds of a Prometheus duration. Raises ValueError with the reason (common/model.ParseDuration)."""
    if text == "0":
        return 0
    match = _PATTERN.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"not a valid duration string: {text!r} (write it like 30s, 5m or 1h30m)")
    total = sum(int(count) * unit for count, unit in zip(match.groups(), _UNIT_MS.values(), strict=True) if count)
    if total > _LARGEST_MS:
        raise ValueError(f"duration out of range: {text!r}")
    return total


def format_duration(ms: int) -> str:
    """The duration as Prometheus prints it (common/model.Duration.String): weeks and years only where exact."""
    if ms == 0:
        return "0s"
    sign, rest, parts = ("-", -ms, []) if ms < 0 else ("", ms, list[str]())
    for unit, size in _UNIT_MS.items():
        if unit in ("y", "w") and rest % size:
            continue
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return sign + "".join(parts)
