"""Calls of models: what is read from answers of every shape, what the caller says, what it costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hivesight_sdk as sdk
from hivesight_sdk import semconv
from hivesight_sdk.trackers import prices
from hivesight_sdk.trackers.usage import MAX_TOKENS, Usage, read_finish_reason, read_usage

Growth = Callable[..., Callable[[], float]]


def thing(value: Any) -> Any:
    """Dicts as objects, the way clients give them."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: thing(each) for name, each in value.items()})
    return [thing(each) for each in value] if isinstance(value, list) else value


OPENAI_CHAT = {
    "usage": {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 15},
    },
    "choices": [{"finish_reason": "stop"}],
}
OPENAI_RESPONSES = {
    "usage": {
        "input_tokens": 100,
        "output_tokens": 20,
        "input_tokens_details": {"cached_tokens": 60},
        "output_tokens_details": {"reasoning_tokens": 15},
    }
}
ANTHROPIC = {
    "usage": {
        "input_tokens": 10,
        "output_tokens": 20,
        "cache_read_input_tokens": 60,
        "cache_creation_input_tokens": 30,
    },
    "stop_reason": "end_turn",
}
GEMINI = {
    "usage_metadata": {
        "prompt_token_count": 90,
        "tool_use_prompt_token_count": 10,
        "cached_content_token_count": 60,
        "candidates_token_count": 5,
        "thoughts_token_count": 15,
        "total_token_count": 120,
    },
    "candidates": [{"finish_reason": "STOP"}],
}
GEMINI_JSON = {
    "usageMetadata": {"promptTokenCount": 100, "cachedContentTokenCount": 60, "candidatesTokenCount": 20},
    "candidates": [{"finishReason": "MAX_TOKENS"}],
}
BEDROCK = {
    "usage": {"inputTokens": 10, "outputTokens": 20, "cacheReadInputTokens": 60, "cacheWriteInputTokens": 30},
    "stopReason": "tool_use",
}
LANGCHAIN = {
    "usage_metadata": {
        "input_tokens": 100,
        "output_tokens": 20,
        "total_tokens": 120,
        "input_token_details": {"cache_read": 60, "cache_creation": 30},
        "output_token_details": {"reasoning": 15},
    },
    "response_metadata": {"finish_reason": "length"},
}
SHAPES: list[tuple[str, Any, Usage | None]] = [
    ("openai chat", OPENAI_CHAT, Usage(100, 20, 60, None, 15)),
    ("openai responses", OPENAI_RESPONSES, Usage(100, 20, 60, None, 15)),
    ("openai event", {"type": "response.completed", "response": OPENAI_RESPONSES}, Usage(100, 20, 60, None, 15)),
    ("anthropic", ANTHROPIC, Usage(100, 20, 60, 30, None)),
    ("anthropic uncached", {"usage": {"input_tokens": 5, "output_tokens": 1}}, Usage(5, 1)),
    ("anthropic event", {"type": "message_start", "message": ANTHROPIC}, Usage(100, 20, 60, 30)),
    (
        "proxied: its cached tokens are in prompt_tokens already",
        {"usage": {"prompt_tokens": 100, "completion_tokens": 20, "cache_read_input_tokens": 60}},
        Usage(100, 20, 60),
    ),
    ("gemini", GEMINI, Usage(100, 20, 60, None, 15)),
    ("gemini without thoughts, as JSON", GEMINI_JSON, Usage(100, 20, 60)),
    ("bedrock", BEDROCK, Usage(100, 20, 60, 30)),
    ("bedrock event", {"metadata": {"usage": {"inputTokens": 5, "outputTokens": 1}}}, Usage(5, 1)),
    ("langchain", LANGCHAIN, Usage(100, 20, 60, 30, 15, of_part=True)),
    ("no usage", {"usage": None}, None),
    ("no usage metadata", {"usage_metadata": None}, None),
    ("nothing", {}, None),
    ("text", "usage", None),
    ("numbers of other kinds", {"usage": {"input_tokens": "5", "output_tokens": True}}, Usage()),
    ("negative", {"usage": {"input_tokens": -5, "output_tokens": 10**12}}, Usage()),
    ("a list", {"usage": [1, 2]}, Usage()),
    ("no choice", {"choices": []}, None),
    ("a mock", MagicMock(), Usage()),
]


@pytest.mark.parametrize(("name", "answer", "usage"), SHAPES, ids=[row[0] for row in SHAPES])
def test_usage_of_every_shape(name: str, answer: Any, usage: Usage | None) -> None:
    assert read_usage(answer) == usage
    assert read_usage(thing(answer)) == usage
    read_finish_reason(answer)


NAMES = st.sampled_from(
    [
        "usage",
        "message",
        "response",
        "choices",
        "delta",
        "finish_reason",
        "stop_reason",
        "input_tokens",
        "prompt_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        "input_tokens_details",
        "cached_tokens",
        "usage_metadata",
        "prompt_token_count",
        "tool_use_prompt_token_count",
        "thoughts_token_count",
        "candidates",
        "inputTokens",
        "cacheReadInputTokens",
        "input_token_details",
        "cache_read",
    ]
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a machine with much to do is no fault of the shapes
@given(ODD)
def test_no_shape_raises_or_gives_a_figure_that_cannot_be(answer: Any) -> None:
    for each in (answer, thing(answer)):
        usage = read_usage(each) or Usage()
        figures = (usage.input, usage.output, usage.cache_read, usage.cache_write, usage.reasoning)
        assert all(figure is None or 0 <= figure <= 3 * MAX_TOKENS for figure in figures)
        assert isinstance(read_finish_reason(each), str | None)


def test_answers_that_raise_are_read_as_nothing() -> None:
    class Hostile:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError(name)

    assert read_usage(Hostile()) is None
    assert read_finish_reason(Hostile()) is None
    assert read_usage(SimpleNamespace(usage=Hostile())) == Usage()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (OPENAI_CHAT, "stop"),
        (ANTHROPIC, "end_turn"),
        ({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}, "max_tokens"),
        (GEMINI, "STOP"),
        (GEMINI_JSON, "MAX_TOKENS"),
        (BEDROCK, "tool_use"),
        ({"messageStop": {"stopReason": "end_turn"}}, "end_turn"),
        (LANGCHAIN, "length"),
        ({"choices": [{"finish_reason": None}]}, None),
        ({}, None),
    ],
)
def test_finish_reasons(answer: Any, reason: str | None) -> None:
    assert read_finish_reason(answer) == reason
    assert read_finish_reason(thing(answer)) == reason


def test_running_totals_replace_each_other_and_parts_add_up() -> None:
    running, parts = Usage(), Usage()
    for output in (1, 3, 6):
        running.update(Usage(input=10, output=output))
        parts.update(Usage(input=10 if output == 1 else 0, output=output, of_part=True))
    assert running == Usage(10, 6)
    assert parts == Usage(10, 10)


@pytest.fixture
def tokens(growth: Growth) -> Callable[..., Callable[[], dict[str, float]]]:
    def start(model: str, provider: str = "openai") -> Callable[[], dict[str, float]]:
        grown = {
            kind: growth("agent_hive_model_tokens_total", provider=provider, model=model, type=kind)
            for kind in semconv.TOKEN_TYPES
        }
        return lambda: {kind: each() for kind, each in grown.items() if each()}

    return start


def test_a_decorated_call_reads_its_answer(growth: Growth, tokens: Any) -> None:
    labels = {"provider": "openai", "model": "m1"}
    calls = growth("agent_hive_model_calls_total", operation="chat", outcome="success", **labels)
    timed = growth("agent_hive_model_call_duration_seconds_count", operation="chat", outcome="success", **labels)
    finished = growth("agent_hive_model_finishes_total", reason="stop", **labels)
    first = growth("agent_hive_model_time_to_first_chunk_seconds_count", **labels)
    counted = tokens("m1")

    @sdk.model_call("openai", "m1")
    async def ask(prompt: str) -> Any:
        return thing(OPENAI_CHAT)

    assert asyncio.run(ask("?")).choices[0].finish_reason == "stop"
    assert (calls(), timed(), finished(), first()) == (1, 1, 1, 0)
    assert counted() == {"input": 100, "output": 20, "cache_read": 60, "reasoning": 15}


def test_what_the_block_says_wins(growth: Growth, tokens: Any) -> None:
    labels = {"provider": "openai", "model": "m2"}
    dollars = growth("agent_hive_model_cost_dollars_total", **labels)
    finished = growth("agent_hive_model_finishes_total", reason="length", **labels)
    first = growth("agent_hive_model_time_to_first_chunk_seconds_count", **labels)
    counted = tokens("m2")
    with sdk.model_call("openai", "m2", "text_completion") as call:
        call.first_chunk()
        call.first_chunk()
        call.read(OPENAI_CHAT)
        call.input_tokens = 7
        call.cache_read_tokens = 0
        call.cost = 0.25
        call.finish_reason = "length"
    assert counted() == {"input": 7, "output": 20, "reasoning": 15}
    assert (dollars(), finished(), first()) == (0.25, 1, 1)


def test_streams_time_their_first_chunk_and_read_their_events(growth: Growth, tokens: Any) -> None:
    labels = {"provider": "anthropic", "model": "m3"}
    first = growth("agent_hive_model_time_to_first_chunk_seconds_count", **labels)
    finished = growth("agent_hive_model_finishes_total", reason="end_turn", **labels)
    counted = tokens("m3", "anthropic")
    events = [
        {"type": "message_start", "message": {"usage": {"input_tokens": 10, "output_tokens": 1}}},
        {"type": "content_block_delta", "delta": {"text": "a"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 20}},
    ]

    @sdk.model_call("anthropic", "m3")
    def stream() -> Iterator[Any]:
        yield from events

    @sdk.model_call("anthropic", "m3")
    async def astream() -> AsyncIterator[Any]:
        for event in events:
            yield thing(event)

    async def collect() -> int:
        return len([event async for event in astream()])

    assert list(stream()) == events
    assert asyncio.run(collect()) == 3
    assert (first(), finished()) == (2, 2)
    assert counted() == {"input": 20, "output": 40}


def test_a_stream_without_chunks_has_no_first_one(growth: Growth) -> None:
    first = growth("agent_hive_model_time_to_first_chunk_seconds_count", provider="openai", model="m4")
    calls = growth("agent_hive_model_calls_total", provider="openai", model="m4", operation="chat", outcome="error")
    errors = growth("agent_hive_errors_total", component="model", kind="connection")

    @sdk.model_call("openai", "m4")
    def stream() -> Iterator[str]:
        raise ConnectionError
        yield ""

    with pytest.raises(ConnectionError):
        list(stream())
    assert (first(), calls(), errors()) == (0, 1, 1)


PRICES: list[tuple[tuple[float, ...], Usage, float | None]] = [
    ((2.0, 10.0), Usage(1_000_000, 500_000), 7.0),
    ((2.0, 10.0), Usage(1_000_000, 0, cache_read=500_000), 2.0),
    ((2.0, 10.0, 0.5), Usage(1_000_000, 0, cache_read=500_000), 1.25),
    ((2.0, 10.0, 0.5, 4.0), Usage(1_000_000, 0, 250_000, 250_000), 2.125),
    ((2.0, 10.0), Usage(), None),
    ((2.0, 10.0), Usage(input=500_000), 1.0),
]


@pytest.mark.parametrize(("price", "usage", "dollars"), PRICES)
def test_costs(price: tuple[float, ...], usage: Usage, dollars: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "_prices", {})
    assert prices.cost("priced", usage) is None
    sdk.set_prices({"priced": price})
    assert prices.cost("priced", usage) == dollars


def test_a_priced_model_costs(growth: Growth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "_prices", {})
    sdk.set_prices({"m5": (3, 15)})
    dollars = growth("agent_hive_model_cost_dollars_total", provider="openai", model="m5")
    with sdk.model_call("openai", "m5") as call:
        call.input_tokens, call.output_tokens = 1_000_000, 100_000
    assert dollars() == 4.5


NOT_PRICES: list[Any] = [
    5,
    None,
    {"m": 5},
    {"m": (1,)},
    {"m": (1, 2, 3, 4, 5)},
    {"m": (-1, 2)},
    {"m": (float("nan"), 2)},
    {5: (1, 2)},
]


@pytest.mark.parametrize("given", NOT_PRICES, ids=str)
def test_prices_that_cannot_be_are_dropped(given: Any, growth: Growth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "_prices", {})
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    sdk.set_prices(given)
    assert dropped() == 1
    assert prices._prices == {}


def test_the_table_of_prices_is_bounded(growth: Growth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "_prices", {})
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    sdk.set_prices({f"m{number}": (1, 2) for number in range(prices.MAX_PRICES + 3)})
    assert len(prices._prices) == prices.MAX_PRICES
    assert dropped() == 3


@pytest.mark.parametrize(
    ("attribute", "given"),
    [("input_tokens", -1), ("output_tokens", "many"), ("cost", float("nan")), ("cost", -1), ("cost", "free")],
)
def test_figures_that_cannot_be_are_dropped(attribute: str, given: Any, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    calls = growth("agent_hive_model_calls_total", provider="p", model="odd", operation="chat", outcome="success")
    with sdk.model_call("p", "odd") as call:
        setattr(call, attribute, given)
    assert (dropped(), calls()) == (1, 1)


def test_expected_models_start_at_zero() -> None:
    sdk.expect_model("openai", "expected")
    labels = {"provider": "openai", "model": "expected"}
    for kind in semconv.TOKEN_TYPES:
        assert sdk.REGISTRY.get_sample_value("agent_hive_model_tokens_total", {**labels, "type": kind}) == 0
    assert sdk.REGISTRY.get_sample_value("agent_hive_model_cost_dollars_total", labels) == 0
