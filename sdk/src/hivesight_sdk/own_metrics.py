"""prometheus_client's constructors, for metrics of the host's own: a definition that is there already is shared.

A module that defines the guide's families itself, is imported twice or is reloaded thus goes on with what the process
exposes, where prometheus_client refuses the second definition.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

import prometheus_client

from hivesight_sdk.metrics import registered
from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from prometheus_client.metrics import MetricWrapperBase

P = ParamSpec("P")
OwnT = TypeVar("OwnT", bound="MetricWrapperBase")


def _sharing(kind: Callable[P, OwnT]) -> Callable[P, OwnT]:
    signature: Final = inspect.signature(kind)

    @functools.wraps(kind)
    def define(*args: P.args, **kwargs: P.kwargs) -> OwnT:
        try:
            return kind(*args, **kwargs)
        except ValueError:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            registry, given.arguments["registry"] = given.arguments["registry"], None
            unexposed = kind(*given.args, **given.kwargs)  # raises again where the name is not what is wrong
        name, labels = _name_and_labels(unexposed)
        found = registered(registry, type(unexposed), name, labels)
        if found is None:
            drop(
                "name_conflict",
                f"metric {name} is already registered with another type or other labels; "
                "what is recorded by this definition is not exposed. Give it another name.",
            )
        return unexposed if found is None else found

    return define


def _name_and_labels(metric: Any) -> tuple[str, tuple[str, ...]]:
    return metric._name, metric._labelnames


Counter: Final = _sharing(prometheus_client.Counter)
Gauge: Final = _sharing(prometheus_client.Gauge)
Histogram: Final = _sharing(prometheus_client.Histogram)
Summary: Final = _sharing(prometheus_client.Summary)
