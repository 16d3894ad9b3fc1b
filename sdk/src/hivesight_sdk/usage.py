"""Tokens and finish reason out of a model's answer, by the shapes that clients give it: objects or dicts, whole
answers or events of a stream. Nothing is imported from a client, and nothing raises on a shape that is another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, cast

from hivesight_sdk.shapes import attribute, reader

MAX_TOKENS: Final = 1_000_000_000
"""Tokens of one call; a larger figure is no count of tokens."""


@dataclass(slots=True)
class Usage:
    """Tokens of one call; None where nothing said. `input` holds the cached ones too, `output` the reasoning."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None

    def update(self, later: Usage) -> None:
        """Take over what `later` knows: events of a stream carry running totals."""
        for name in _FIELDS:
            value = getattr(later, name)
            if value is not None:
                setattr(self, name, value)


_FIELDS: Final = tuple(field.name for field in fields(Usage))


def read_usage(answer: object) -> Usage | None:
    """The usage that an answer or an event of a stream carries, or None."""
    usage = attribute(answer, "usage")
    if usage is None:
        usage = attribute(attribute(answer, "message"), "usage")
    if usage is None:
        usage = attribute(attribute(answer, "response"), "usage")
    return None if usage is None else _read(usage)


def read_finish_reason(answer: object) -> str | None:
    """Why the answer ended: OpenAI's `choices[0].finish_reason`, Anthropic's `stop_reason`; None where nothing says."""
    choices = attribute(answer, "choices")
    if choices is not None and isinstance(choices, Sequence):
        reason = attribute(next(iter(cast("Sequence[object]", choices)), None), "finish_reason")
        if isinstance(reason, str) and reason:
            return reason
    reasons = attribute(answer, "stop_reason"), attribute(attribute(answer, "delta"), "stop_reason")
    return next((reason for reason in reasons if isinstance(reason, str) and reason), None)


def _read(usage: object) -> Usage:
    get = reader(usage)
    input_details = _first(get("prompt_tokens_details"), get("input_tokens_details"))
    output_details = _first(get("completion_tokens_details"), get("output_tokens_details"))
    # Anthropic reports cached tokens beside input_tokens; OpenAI's details are a part of the figure that they explain.
    beside_read = _count(get("cache_read_input_tokens"))
    beside_write = _count(get("cache_creation_input_tokens"))
    fresh = _count(get("input_tokens"))
    whole = None if fresh is None else fresh + (beside_read or 0) + (beside_write or 0)
    return Usage(
        _count(get("prompt_tokens")) if whole is None else whole,
        _count(_first(get("output_tokens"), get("completion_tokens"))),
        _count(attribute(input_details, "cached_tokens")) if beside_read is None else beside_read,
        beside_write,
        _count(attribute(output_details, "reasoning_tokens")),
    )


def _first(value: object, otherwise: object) -> object:
    return otherwise if value is None else value


def _count(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS:
        return value
    return None
