"""How long a receiver wants to be left alone. (RFC 9110, 10.2.3)"""

import email.utils
import math
from collections.abc import Mapping
from typing import Final

MOST_SECONDS: Final = 300.0
"""A receiver is asked again after this time, however long it wants to be left alone."""


def retry_after_seconds(headers: Mapping[str, str], now_ms: int) -> float | None:
    """Seconds, from either form of the header; None where it says nothing that is to come."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return min(float(text[:9]), MOST_SECONDS)
    try:
        wait = email.utils.parsedate_to_datetime(text).timestamp() - now_ms / 1000
    except (ValueError, OverflowError):
        return None
    return min(wait, MOST_SECONDS) if wait > 0 and math.isfinite(wait) else None
