"""What tokens cost: a table that the user registers. None is built in, as it would go stale unseen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from hivesight_sdk.trackers.usage import Usage

MAX_PRICES: Final = 1_000
_PER: Final = 1_000_000

_prices: dict[str, tuple[float, float, float, float]] = {}


def set_prices(prices: Mapping[str, Sequence[float]]) -> None:
    """Set what models cost, in US dollars per million tokens, from now on. Models that are not named keep their price.

    The value is (input, output), or (input, output, cache read) or (input, output, cache read, cache write); what is
    not given costs as much as input. A price that cannot be is dropped and counted. Never raises.
    """
    try:
        items = list(prices.items())
    except Exception as error:  # noqa: BLE001  whatever the host gave
        drop("invalid_value", f"set_prices takes {{model: (input, output)}}, not {type(prices).__name__}", error)
        return
    for model, price in items:
        figures = _price(price)
        if figures is None or not isinstance(cast("object", model), str):
            drop("invalid_value", "a model's price must be 2 to 4 dollar figures of at least 0 per million tokens")
        elif model not in _prices and len(_prices) >= MAX_PRICES:
            drop("invalid_value", f"{MAX_PRICES} models have a price already; set only those that are in use")
        else:
            _prices[model] = figures


def cost(model: str, usage: Usage | None) -> float | None:
    """Dollars that `usage` of `model` costs, or None where the model has no price or no tokens are known."""
    if usage is None or (usage.input is None and usage.output is None):
        return None
    price = _prices.get(model)
    if price is None:
        return None
    read, written = usage.cache_read or 0, usage.cache_write or 0
    fresh = max(0, (usage.input or 0) - read - written)
    per_input, per_output, per_read, per_write = price
    total = fresh * per_input + (usage.output or 0) * per_output + read * per_read + written * per_write
    return total / _PER


def _price(given: object) -> tuple[float, float, float, float] | None:
    try:
        figures = [float(figure) for figure in cast("Sequence[float]", given)]
    except Exception:  # noqa: BLE001  whatever the host gave
        return None
    if not 2 <= len(figures) <= 4 or not all(math.isfinite(figure) and figure >= 0 for figure in figures):
        return None
    per_input, per_output, *cached = figures
    per_read, per_write = (*cached, per_input, per_input)[:2]
    return per_input, per_output, per_read, per_write
