"""The way to the model and back: a stream of chunks, what it costs, and what is no answer at all."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import hivesight_sdk as hs
from agent_hive.breaker import FAILURES, CircuitOpen
from agent_hive.completions import MAX_ANSWER_BYTES, chunks, text
from agent_hive.model_client import Endpoint, ModelClient
from agent_hive.model_server import ScriptedModel
from agent_hive.work import Unavailable

PROMPT = "file=x.py\ncompiler.compiles=1"


def client(app: Starlette) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app, raise_app_exceptions=False))


def target(model: str) -> Endpoint:
    return Endpoint("http://m/v1/chat/completions", model, provider="scripted", price=(1_000_000, 2_000_000))


def recorded(name: str, model: str) -> float:
    value = hs.REGISTRY.get_sample_value(name, {"provider": "scripted", "model": model})
    return 0.0 if value is None else value


def tokens(model: str, kind: str) -> float:
    labels = {"provider": "scripted", "model": model, "type": kind}
    return hs.REGISTRY.get_sample_value("agent_hive_model_tokens_total", labels) or 0.0


def test_an_answer_is_streamed_and_counted() -> None:
    async def scenario() -> str:
        async with client(Starlette(routes=list(ScriptedModel().routes()))) as http:
            return await ModelClient(http, target("streamed")).complete("review", PROMPT)

    answer = asyncio.run(scenario())
    assert answer == "Review of x.py: nothing in the measurements speaks against it.\nVERDICT: approve"
    asked, said = tokens("streamed", "input"), tokens("streamed", "output")
    assert (asked, said) == (11, 17)
    assert recorded("agent_hive_model_cost_dollars_total", "streamed") == asked + 2 * said
    assert recorded("agent_hive_model_time_to_first_chunk_seconds_count", "streamed") == 1
    finishes = {"provider": "scripted", "model": "streamed", "reason": "stop"}
    assert hs.REGISTRY.get_sample_value("agent_hive_model_finishes_total", finishes) == 1


def test_whole_and_streamed_answers_say_the_same() -> None:
    async def scenario() -> None:
        async with client(Starlette(routes=list(ScriptedModel().routes()))) as http:
            body = {"messages": [{"role": "user", "content": PROMPT}]}
            url = "http://m/v1/chat/completions"
            whole = (await http.post(url, json=body)).json()
            answer = await http.post(url, json={**body, "stream": True, "stream_options": {"include_usage": True}})
            streamed = [chunk async for chunk in chunks(answer.aiter_bytes())]
            assert "".join(map(text, streamed)) == whole["choices"][0]["message"]["content"]
            assert streamed[-1]["usage"] == whole["usage"]
            assert {chunk["id"] for chunk in streamed} == {whole["id"]}
            bare = await http.post(url, json={**body, "stream": True})
            assert not [chunk async for chunk in chunks(bare.aiter_bytes()) if "usage" in chunk]

    asyncio.run(scenario())


def read(pieces: Sequence[bytes]) -> str:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def scenario() -> str:
        return "".join([text(chunk) async for chunk in chunks(body())])

    return asyncio.run(scenario())


def event(content: object) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": content}}]}).encode() + b"\n\n"


STREAMS = [
    ([event("a"), event("b"), b"data: [DONE]\n\n"], "ab"),
    ([bytes([byte]) for byte in event("a") + event("b")], "ab"),
    ([event("a").replace(b"\n", b"\r\n")], "a"),
    ([b": still here\n\nevent: x\nid: 1\n\n", event("a")], "a"),
    ([event(None)], ""),
    ([b'data: {"choices": []}\n\n', b'data: {"choices": [{"delta": {}}]}\n\n'], ""),
]


@pytest.mark.parametrize(("pieces", "said"), STREAMS)
def test_streams(pieces: list[bytes], said: str) -> None:
    assert read(pieces) == said


BAD_STREAMS = [
    ([b"data: {\n\n"], "not JSON"),
    ([b"data: " + b"[" * 100_000 + b"\n\n"], "not JSON"),
    ([b"data: []\n\n"], "not a chat completion"),
    ([b"data: {}\n\n"], "not a chat completion"),
    ([b'data: {"choices": 1}\n\n'], "not a chat completion"),
    ([b'data: {"choices": [{"delta": 1}]}\n\n'], "not a chat completion"),
    ([event([1])], "not a chat completion"),
    ([b"x" * MAX_ANSWER_BYTES, b"x"], "larger than"),
]


@pytest.mark.parametrize(("pieces", "reason"), BAD_STREAMS)
def test_what_is_no_stream_of_a_completion(pieces: list[bytes], reason: str) -> None:
    with pytest.raises(Unavailable, match=reason):
        read(pieces)


ANSWERS = [
    (Response("no", 429), "HTTP 429", "429", "rate_limited"),
    (Response("no", 500), "HTTP 500", "500", "unavailable"),
    (Response("{}", 200), "not a chat completion", "error", "unavailable"),
    (Response("data: x\n\n", 200), "not JSON", "error", "unavailable"),
]


@pytest.mark.parametrize(("answer", "reason", "status", "kind"), ANSWERS)
def test_refusals_are_counted_by_status_and_kind(answer: Response, reason: str, status: str, kind: str) -> None:
    def count() -> tuple[float, ...]:
        api = {"service": "model", "method": "POST", "status_code": status}
        errors = {"component": "model", "kind": kind}
        found = (("agent_hive_external_api_requests_total", api), ("agent_hive_errors_total", errors))
        return tuple(hs.REGISTRY.get_sample_value(name, labels) or 0.0 for name, labels in found)

    async def reply(_: Request) -> Response:
        return answer

    async def scenario() -> None:
        routes = [Route("/v1/chat/completions", reply, methods=["POST"])]
        async with client(Starlette(routes=routes)) as http:
            await ModelClient(http, target("refusing")).complete("review", PROMPT)

    before = count()
    with pytest.raises(Unavailable, match=reason):
        asyncio.run(scenario())
    assert count() == tuple(value + 1 for value in before)


def test_a_model_that_keeps_failing_is_left_alone() -> None:
    asked: list[Request] = []

    async def reply(request: Request) -> Response:
        asked.append(request)
        return Response("no", 500)

    async def scenario() -> None:
        async with client(Starlette(routes=[Route("/v1/chat/completions", reply, methods=["POST"])])) as http:
            model = ModelClient(http, target("failing"), lambda: 0.0)
            for _ in range(FAILURES):
                with pytest.raises(Unavailable, match="HTTP 500"):
                    await model.complete("review", PROMPT)
            with pytest.raises(CircuitOpen, match="left alone"):
                await model.complete("review", PROMPT)

    asyncio.run(scenario())
    assert len(asked) == FAILURES
