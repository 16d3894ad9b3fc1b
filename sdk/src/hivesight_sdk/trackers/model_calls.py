"""Calls of language models: outcome, duration, tokens, cost, time to the first chunk, reason of the end."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from operator import attrgetter
from typing import Final

from hivesight_sdk import metrics, semconv, spans
from hivesight_sdk.batches import record_batched
from hivesight_sdk.exemplars import Duration, observe_all, with_exemplar
from hivesight_sdk.recording import drop, label, series
from hivesight_sdk.semconv import span_attributes as names
from hivesight_sdk.shapes import attribute
from hivesight_sdk.spans import MAX_SPAN_STARTS, Attributes, SpanStart, Value
from hivesight_sdk.trackers.prices import cost
from hivesight_sdk.trackers.runs import Run
from hivesight_sdk.trackers.tracking import Tracker
from hivesight_sdk.trackers.usage import MAX_TOKENS, Usage, read_finish_reason, read_usage

_TOKEN_ATTRIBUTES: Final = tuple(f"{kind}_tokens" for kind in semconv.TOKEN_TYPES)
_tokens_given: Final = attrgetter(*_TOKEN_ATTRIBUTES)
_tokens_of: Final = attrgetter(*semconv.TOKEN_TYPES)
_TOKEN_NAMES: Final = (
    names.INPUT_TOKENS,
    names.OUTPUT_TOKENS,
    names.CACHE_READ_TOKENS,
    names.CACHE_WRITE_TOKENS,
    names.REASONING_TOKENS,
)
"""How spans call them, in the order of `semconv.TOKEN_TYPES`."""
_NONE_GIVEN: Final = (None,) * len(_TOKEN_ATTRIBUTES)


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
        if type(answer) is str:  # text alone, as many functions return and most streams yield: it says nothing
            return
        try:
            usage = read_usage(answer)
            if usage is not None and self._read is not None:
                self._read.update(usage)
            elif usage is not None:
                self._read = usage
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
        known = {**super().span_attributes(), **_tokens_on_spans(self._spent)}
        if self.finish_reason is not None:
            known[names.FINISH_REASONS] = (label(self.finish_reason),)
        if self.response_id is not None:
            known[names.RESPONSE_ID] = self.response_id
        if self.response_model is not None:
            known[names.RESPONSE_MODEL] = self.response_model
        if self._first_chunk_seconds is not None:
            known |= {names.REQUEST_STREAM: True, names.TIME_TO_FIRST_CHUNK: self._first_chunk_seconds}
        if self._dollars is not None:
            known[names.COST] = self._dollars
        return known

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        if result is not None:
            self.read(result)
        super()._record(seconds, error, result)
        self._record_usage(*self._labels[:2])

    def _record_usage(self, provider: str, model: str) -> None:
        usage = self._spent = self._usage()
        if usage is not None:
            record_batched(_add_tokens, (provider, model), _tokens_of(usage))
        dollars = self._dollars = cost(model, usage) if self.cost is None else _dollars(self.cost)
        if dollars:
            record_batched(_add_cost, (provider, model), dollars)
        if self.finish_reason is not None:
            record_batched(_count_finishes, (provider, model, label(self.finish_reason)), None)
        if self._first_chunk_seconds is not None:
            first = with_exemplar(self._first_chunk_seconds, self._span)
            record_batched(_observe_first_chunks, (provider, model), first)

    def _usage(self) -> Usage | None:
        given: tuple[object, ...] = _tokens_given(self)
        if given == _NONE_GIVEN:
            return self._read
        usage = self._read or Usage()
        for kind, name, tokens in zip(semconv.TOKEN_TYPES, _TOKEN_ATTRIBUTES, given, strict=True):
            if tokens is None:
                continue
            if isinstance(tokens, int) and 0 <= tokens <= MAX_TOKENS:
                setattr(usage, kind, tokens)
            else:
                drop("invalid_value", f"{name} must be a whole number from 0 to {MAX_TOKENS}")
        return usage


@lru_cache(MAX_SPAN_STARTS)
def _span(provider: str, model: str, operation: str) -> SpanStart:
    attributes: Attributes = {
        names.OPERATION: label(operation),
        names.PROVIDER: label(provider),
        names.REQUEST_MODEL: label(model),
    }
    return SpanStart(f"{label(operation)} {label(model)}", attributes, calls_out=True)


def _tokens_on_spans(usage: Usage | None) -> dict[str, Value]:
    if usage is None:
        return {}
    counts: tuple[int | None, ...] = _tokens_of(usage)
    return {name: count for name, count in zip(_TOKEN_NAMES, counts, strict=True) if count is not None}


def _text(answer: object, name: str) -> str | None:
    value = attribute(answer, name)
    return label(value) if isinstance(value, str) and value else None


def _add_tokens(labels: tuple[str, str], calls: list[tuple[int | None, ...]]) -> None:
    for kind, counts in zip(semconv.TOKEN_TYPES, zip(*calls, strict=True), strict=True):
        tokens = sum(filter(None, counts))
        if tokens:
            series(metrics.MODEL_TOKENS, *labels, kind).inc(tokens)


def _add_cost(labels: tuple[str, str], dollars: list[float]) -> None:
    series(metrics.MODEL_COST, *labels).inc(sum(dollars))


def _count_finishes(labels: tuple[str, str, str], finishes: list[None]) -> None:
    series(metrics.MODEL_FINISHES, *labels).inc(len(finishes))


def _observe_first_chunks(labels: tuple[str, str], durations: list[Duration]) -> None:
    observe_all(series(metrics.MODEL_TIME_TO_FIRST_CHUNK, *labels), durations)


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
    return Tracker(partial(ModelCall, label(provider), label(model), label(operation)))
