"""Agent, task and conversation on their way to other processes: W3C baggage under the names of span attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Setter, TextMapPropagator, default_getter, default_setter

from hivesight_sdk.logs.context import current_log_context

if TYPE_CHECKING:
    from opentelemetry.propagators.textmap import CarrierT, Getter


class IdBaggage(TextMapPropagator):
    """Beside the W3C propagator for baggage: writes the same header, with the ids around the sender added."""

    def __init__(self) -> None:
        self._w3c: Final = W3CBaggagePropagator()

    @property
    def fields(self) -> set[str]:
        return self._w3c.fields

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        return Context() if context is None else context  # the W3C propagator beside it has read it

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        for name, value in current_log_context().attributes().items():
            context = baggage.set_baggage(name, value, context)
        self._w3c.inject(carrier, context, setter)
