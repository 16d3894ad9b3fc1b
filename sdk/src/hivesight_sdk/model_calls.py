"""Calls of language models: outcome, duration, tokens, cost, time to the first chunk, reason of the end."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Final

from hivesight_sdk import metrics, semconv, spans
from hivesight_sdk import span_names as names
from hivesight_sdk.exemplars import current_exemplar
from hivesight_sdk.prices import cost
from hivesight_sdk.recording import drop, label_text, series
from hivesight_sdk.runs import Run
from hivesight_sdk.shapes import attribute
from hivesight_sdk.spans import MAX_SPAN_STARTS, Attributes, SpanStart, Value
from hivesight_sdk.tracking import Tracker
from hivesight_sdk.usage import MAX_TOKENS, Usage, read_finish_reason, read_usage

_TOKEN_ATTRIBUTES: Final = tuple(f"{kind}_tokens" for kind in semconv.TOKEN_TYPES)


class ModelCall(Run):
    """One call of a model. What the block sets wins over what its answer says; None is unknown and not recorded."""

    component = "model"
    counter = metrics.MODEL_CALLS
    histogram = metrics.MODEL_CALL_DURATION

    input_tokens: int | None = None
    """Tokens that went in, cached ones included."""
    output_tokens: int | None = None
    """Tokens that came out, reasoning included."""
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: float | None = None
    """US dollars; unset, it is what `set_prices` says for the tokens."""
    finish_reason: str | None = None
    response_id: str | None = None
    response_model: str | None = None
    """The model that answered, by its exact version; only the span carries it."""
    _read: Usage | None = None
    _first_chunk_seconds: float | None = None
    _spent: Usage | None = None
    _dollars: float | None = None

    def __init__(self, provider: str, model: str, operation: str) -> None:
        super().__init__(provider, model, operation)

    def first_chunk(self) -> None:
        """Note that the first part of the answer is here; later calls change nothing."""
        if self._first_chunk_seconds is None:
            self._first_chunk_seconds = self.elapsed_seconds()

    def read(self, answer: object) -> None:
        """Take tokens and finish reason from a client's answer or an event of its stream. Never raises.

        The shapes of OpenAI's, Anthropic's, Gemini's and Bedrock's clients and of LangChain, and dicts of the same, are
        known.
        """
        try:
            usage = read_usage(answer)
            if usage is not None:
                self._read = self._read or Usage()
                self._read.update(usage)
            self.finish_reason = self.finish_reason or read_finish_reason(answer)
            if spans.open_span is not None:
                self.response_id = self.response_id or _text(answer, "id")
                self.response_model = self.response_model or _text(answer, "model")
        except Exception as error:  # noqa: BLE001  an answer of the host's own making may raise anything
            drop("recording_failed", f"a model's answer cannot be read: {type(error).__name__}", error)

    def yielded(self, item: object) -> None:
        """A chunk of a decorated generator."""
        self.first_chunk()
        self.read(item)

    def span_start(self) -> SpanStart:
        return _span(*self._labels)

    def span_attributes(self) -> Attributes:
        usage = self._spent or Usage()
        known: dict[str, Value | None] = {
            names.INPUT_TOKENS: usage.input,
            names.OUTPUT_TOKENS: usage.output,
            names.CACHE_READ_TOKENS: usage.cache_read,
            names.CACHE_WRITE_TOKENS: usage.cache_write,
            names.REASONING_TOKENS: usage.reasoning,
            names.FINISH_REASONS: None if self.finish_reason is None else (label_text(self.finish_reason),),
            names.RESPONSE_ID: self.response_id,
            names.RESPONSE_MODEL: self.response_model,
            names.REQUEST_STREAM: None if self._first_chunk_seconds is None else True,
            names.TIME_TO_FIRST_CHUNK: self._first_chunk_seconds,
            names.COST: self._dollars,
            **super().span_attributes(),
        }
        return {name: value for name, value in known.items() if value is not None}

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        if result is not None:
            self.read(result)
        super()._record(seconds, error, result)
        provider, model, _ = self._labels
        usage = self._spent = self._usage()
        for kind in semconv.TOKEN_TYPES:
            tokens = getattr(usage, kind)
            if tokens:
                series(metrics.MODEL_TOKENS, provider, model, kind).inc(tokens)
        dollars = self._dollars = cost(model, usage) if self.cost is None else _dollars(self.cost)
        if dollars:
            series(metrics.MODEL_COST, provider, model).inc(dollars)
        if self.finish_reason is not None:
            series(metrics.MODEL_FINISHES, provider, model, self.finish_reason).inc()
        if self._first_chunk_seconds is not None:
            first = series(metrics.MODEL_TIME_TO_FIRST_CHUNK, provider, model)
            first.observe(self._first_chunk_seconds, current_exemplar())

    def _usage(self) -> Usage:
        usage = self._read or Usage()
        for kind, name in zip(semconv.TOKEN_TYPES, _TOKEN_ATTRIBUTES, strict=True):
            given: object = getattr(self, name)
            if given is None:
                continue
            if isinstance(given, int) and 0 <= given <= MAX_TOKENS:
                setattr(usage, kind, given)
            else:
                drop("invalid_value", f"{name} must be a whole number from 0 to {MAX_TOKENS}")
        return usage


@lru_cache(MAX_SPAN_STARTS)
def _span(provider: str, model: str, operation: str) -> SpanStart:
    attributes: Attributes = {
        names.OPERATION: label_text(operation),
        names.PROVIDER: label_text(provider),
        names.REQUEST_MODEL: label_text(model),
    }
    return SpanStart(f"{label_text(operation)} {label_text(model)}", attributes, calls_out=True)


def _text(answer: object, name: str) -> str | None:
    value = attribute(answer, name)
    return label_text(value) if isinstance(value, str) and value else None


def _dollars(given: object) -> float | None:
    if isinstance(given, (int, float)) and math.isfinite(given) and given >= 0:
        return float(given)
    drop("invalid_value", "the cost of a model's call must be dollars, a number of at least 0")
    return None


def model_call(provider: str, model: str, operation: str = "chat") -> Tracker[ModelCall]:
    """Count and time the calls of a model by outcome, and record their tokens, cost and time to the first chunk. As a
    span it is `{operation} {model}`.

    Of a decorated function's answer, and of the chunks of a decorated generator, usage is read where it has the shape
    of a client that `ModelCall.read` knows; a `with` block calls `.read(answer)` or sets the figures itself. `provider`
    and `operation` are names of OpenTelemetry's GenAI conventions 1.41, such as "openai" and "chat".
    """
    return Tracker(partial(ModelCall, provider, model, operation))
