"""A web application as a user writes it: reviews of files by a small hive, seen through the SDK's public names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import hivesight_sdk as sdk

configured = sdk.configure("web-application", resource_interval_seconds=0.2)
sdk.expect_agents(["reviewer"])
sdk.expect_external_api("catalogue", "GET")
monitor = sdk.PerformanceMonitor(collection_interval=0.5)


@sdk.track_external_api("catalogue", "GET")
async def look_up(name: str) -> dict[str, str]:
    await asyncio.sleep(0.001)
    if name == "slow":
        raise TimeoutError(name)
    return {"name": name}


@sdk.track_decision()
def judge(name: str) -> float:
    return 1 / (1 + len(name))


@sdk.tool("grep")
def grep(name: str) -> list[str]:
    return [name]


@sdk.model_call("local", "scripted")
async def ask(name: str) -> dict[str, object]:
    return {"usage": {"input_tokens": len(name), "output_tokens": 3}, "stop_reason": "end_turn"}


@sdk.agent("reviewer")
async def review(name: str) -> float:
    grep(name)
    await ask(name)
    return judge(name)


@sdk.track_latency("coordination")
async def coordinate(name: str) -> float:
    sdk.record_queue("waiting", len(name), oldest_seconds=0.5)
    sdk.record_active_agents("reviewer", "active", 2)
    async with sdk.track_task("reviewer", priority="high"):
        await look_up(name)
        return await review(name)


async def answer(request: Request) -> Response:
    try:
        return JSONResponse({"confidence": await coordinate(request.path_params["name"])})
    except TimeoutError:
        return Response("the catalogue is slow", 504)


async def evaluate(request: Request) -> Response:
    sdk.record_learning_accuracy("reviewer", 87.5)
    return Response(status_code=204)


async def settle(request: Request) -> Response:
    """Sample no more, so that two that scrape at different moments see the same."""
    await asyncio.to_thread(monitor.stop)
    request.app.state.watch.close()
    configured.close()
    return Response(status_code=204)


@asynccontextmanager
async def life(app: Starlette) -> AsyncIterator[None]:
    app.state.watch = sdk.watch_event_loop(interval_seconds=0.05)
    with monitor:
        yield


app = Starlette(
    routes=[
        Route("/review/{name}", answer, methods=["POST"]),
        Route("/evaluate", evaluate, methods=["POST"]),
        Route("/settle", settle, methods=["POST"]),
        Route("/metrics", sdk.metrics_app),
    ],
    lifespan=life,
)
