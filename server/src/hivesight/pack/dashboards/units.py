"""Units: what the table of metrics says, in Grafana's names."""

from typing import Final

from hivesight_sdk.semconv import MetricFamily

UNITS: Final = {
    "seconds": "s",
    "bytes": "bytes",
    "percent": "percent",
    "ratio": "percentunit",
    "dollars": "currencyUSD",
    "": "short",
}
"""Unit in `hivesight_sdk.semconv` -> Grafana's id of it."""

SECONDS: Final = UNITS["seconds"]
BYTES: Final = UNITS["bytes"]
RATIO: Final = UNITS["ratio"]
DOLLARS: Final = UNITS["dollars"]
COUNT: Final = UNITS[""]
PER_SECOND: Final = "cps"
BYTES_PER_SECOND: Final = "Bps"


def unit_of(family: MetricFamily) -> str:
    """Grafana's unit for the family's values."""
    return UNITS[family.unit]
