"""Tokens and finish reason out of a model's answer, by the shapes that clients give it: objects or dicts, whole
answers or events of a stream. Nothing is imported from a client, and nothing raises on a shape that is another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from hivesight_sdk import semconv
from hivesight_sdk.shapes import attribute, reader

MAX_TOKENS: Final = 1_000_000_000
"""Tokens of one call; a larger figure is no count of tokens."""

_AROUND: Final = ("message", "response", "metadata")
_REASONS: Final = ("finish_reason", "stop_reason", "finishReason", "stopReason")


@dataclass(slots=True)
class Usage:
    """Tokens of one call; None where nothing said. `input` holds the cached ones too, `output` the reasoning.
    `of_part`: these are of a part of the answer alone."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    of_part: bool = False

    def update(self, later: Usage) -> None:
        """Take over what `later` knows: events of a stream carry running totals, unless they are of a part."""
        for kind in semconv.TOKEN_TYPES:
            value = getattr(later, kind)
            if value is not None:
                before = getattr(self, kind) if later.of_part else None
                setattr(self, kind, value + (before or 0))


def read_usage(answer: object) -> Usage | None:
    """The usage that an answer or an event of a stream carries, or None."""
    usage = attribute(answer, "usage")
    if usage is None:
        around = (attribute(answer, name) for name in _AROUND)
        usage = next((found for holder in around if (found := attribute(holder, "usage")) is not None), None)
    if usage is not None:
        return _bedrock(usage) if attribute(usage, "inputTokens") is not None else _read(usage)
    usage = _first(answer, "usage_metadata", "usageMetadata")
    if usage is None:
        return None
    return _langchain(usage) if attribute(usage, "input_tokens") is not None else _gemini(usage)


def read_finish_reason(answer: object) -> str | None:
    """Why the answer ended, wherever its client says so: of OpenAI's choices and Gemini's candidates the first, in the
    answer itself, or in an event. None where nothing says."""
    for holder in _holders_of_reasons(answer):
        if holder is None:
            continue
        for name in _REASONS:
            reason = attribute(holder, name)
            if isinstance(reason, str) and reason:
                return reason
    return None


def _holders_of_reasons(answer: object) -> Iterator[object]:
    # One after the other, the most common first: most answers are found out at once.
    yield _first_item(answer, "choices")
    yield answer
    yield attribute(answer, "delta")
    yield _first_item(answer, "candidates")
    yield attribute(answer, "messageStop")
    yield attribute(answer, "response_metadata")


def _read(usage: object) -> Usage:
    get = reader(usage)
    input_details = _either(get("prompt_tokens_details"), get("input_tokens_details"))
    output_details = _either(get("completion_tokens_details"), get("output_tokens_details"))
    # Anthropic reports cached tokens beside input_tokens; OpenAI's details are a part of the figure that they explain.
    beside_read = _count(get("cache_read_input_tokens"))
    beside_write = _count(get("cache_creation_input_tokens"))
    fresh = _count(get("input_tokens"))
    whole = None if fresh is None else fresh + (beside_read or 0) + (beside_write or 0)
    return Usage(
        _count(get("prompt_tokens")) if whole is None else whole,
        _count(_either(get("output_tokens"), get("completion_tokens"))),
        _count(attribute(input_details, "cached_tokens")) if beside_read is None else beside_read,
        beside_write,
        _count(attribute(output_details, "reasoning_tokens")),
    )


def _bedrock(usage: object) -> Usage:
    # The Converse API, like Anthropic's own, reports cached tokens beside the others.
    cache_read = _count(attribute(usage, "cacheReadInputTokens"))
    cache_write = _count(attribute(usage, "cacheWriteInputTokens"))
    fresh = _count(attribute(usage, "inputTokens"))
    return Usage(
        input=_sum(fresh, cache_read, cache_write),
        output=_count(attribute(usage, "outputTokens")),
        cache_read=cache_read,
        cache_write=cache_write,
    )


def _gemini(usage: object) -> Usage:
    # Thoughts and what tools brought are counted beside the candidates and the prompt; the cached ones are in it.
    def count(name: str, json_name: str) -> int | None:
        return _count(_first(usage, name, json_name))

    thoughts = count("thoughts_token_count", "thoughtsTokenCount")
    of_tools = count("tool_use_prompt_token_count", "toolUsePromptTokenCount")
    return Usage(
        input=_sum(count("prompt_token_count", "promptTokenCount"), of_tools),
        output=_sum(count("candidates_token_count", "candidatesTokenCount"), thoughts),
        cache_read=count("cached_content_token_count", "cachedContentTokenCount"),
        reasoning=thoughts,
    )


def _langchain(usage: object) -> Usage:
    # Whichever provider it is: chunks of a stream carry what came with them.
    input_details, output_details = attribute(usage, "input_token_details"), attribute(usage, "output_token_details")
    return Usage(
        input=_count(attribute(usage, "input_tokens")),
        output=_count(attribute(usage, "output_tokens")),
        cache_read=_count(attribute(input_details, "cache_read")),
        cache_write=_count(attribute(input_details, "cache_creation")),
        reasoning=_count(attribute(output_details, "reasoning")),
        of_part=True,
    )


def _sum(*counts: int | None) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _first_item(holder: object, name: str) -> object:
    items = attribute(holder, name)
    return next(iter(cast("Sequence[object]", items)), None) if isinstance(items, Sequence) else None


def _either(value: object, otherwise: object) -> object:
    return otherwise if value is None else value


def _first(holder: object, *names: str) -> object:
    return next((value for name in names if (value := attribute(holder, name)) is not None), None)


def _count(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS:
        return value
    return None
