"""Where figures come from: callables that return a number or a mapping, each isolated from the others' failures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from math import isfinite
from typing import TYPE_CHECKING, SupportsFloat, cast

from hivesight_sdk.monitor.sample import MAX_FIGURES, is_figure_name
from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from hivesight_sdk.monitor.calls import Caller

Figures = SupportsFloat | Mapping[str, SupportsFloat] | None
Provider = Callable[[], Figures] | Callable[[], Awaitable[Figures]]
"""Returns a number, the figure of the name it is registered under; or figures by their names; or None: not known."""


class Providers:
    """All providers of one monitor, in order: a later one's figure replaces an earlier one's of the same name."""

    def __init__(self, providers: Mapping[str, Provider], caller: Caller) -> None:
        self._providers = dict(providers)
        self.caller = caller
        self._names: set[str] = set()

    def collect(self) -> dict[str, float]:
        """The finite figures of now. A provider that fails is counted and logged, and the others go on."""
        figures: dict[str, float] = {}
        for name, provider in self._providers.items():
            # Whoever provides a figure is its only source: while it fails, the figure is not known.
            figures.pop(name, None)
            try:
                figures |= self._checked(name, self.caller.call(provider))
            except Exception as error:  # noqa: BLE001  it is the host's code, and must not end the monitoring
                drop("provider_failed", f"the provider {name[:64]!r} of the performance monitor failed", error)
        return figures

    def _checked(self, name: str, provided: object) -> dict[str, float]:
        found = cast("Mapping[object, object]", provided if isinstance(provided, Mapping) else {name: provided})
        figures: dict[str, float] = {}
        for figure, value in found.items():
            if value is not None and self._is_admitted(figure):
                if not isinstance(value, SupportsFloat):
                    raise TypeError(f"{figure} must be a number, not {type(value).__name__}")
                if isfinite(number := float(value)):
                    figures[str(figure)] = number
        return figures

    def _is_admitted(self, figure: object) -> bool:
        if not is_figure_name(figure):
            drop("invalid_name", f"not a figure's name: {str(figure)[:40]!r}; use lower-case letters, digits and _")
            return False
        if figure not in self._names and len(self._names) >= MAX_FIGURES:
            drop("too_many_series", f"a performance monitor takes {MAX_FIGURES} figures; further ones are dropped")
            return False
        self._names.add(cast("str", figure))
        return True
