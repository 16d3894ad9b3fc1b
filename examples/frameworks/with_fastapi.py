"""A FastAPI application with an agent behind it.

python examples/frameworks/with_fastapi.py
uvicorn --app-dir examples/frameworks with_fastapi:app     # and then POST /reviews, GET /metrics
"""

import asyncio
import socket

import httpx
import uvicorn
from fastapi import FastAPI, HTTPException
from starlette.routing import Route

import hivesight_sdk as sdk

sdk.instrument("fastapi", "httpx")  # before the application and its clients are made

app = FastAPI()
app.router.routes.append(Route("/metrics", sdk.metrics_app))


@sdk.tool("word_count")
def word_count(text: str) -> int:
    if not text:
        raise ValueError("there is nothing to count")
    return len(text.split())


@sdk.model_call("local", "tiny-1")
async def ask(prompt: str) -> dict[str, object]:
    usage = {"prompt_tokens": len(prompt), "completion_tokens": 1}
    return {"choices": [{"message": {"content": "good"}, "finish_reason": "stop"}], "usage": usage}


@sdk.agent("reviewer")
async def review(text: str) -> str:
    words = word_count(text)
    await ask(f"Review these {words} words: {text}")
    return f"{words} words: good"


@app.post("/reviews")
async def reviews(text: str) -> dict[str, str]:
    try:
        return {"verdict": await review(text)}
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


async def use(url: str) -> list[int]:
    """What another service does."""
    async with httpx.AsyncClient(base_url=url) as client:
        with sdk.workflow("review"):
            answers = [await client.post("/reviews", params={"text": text}) for text in ("two words", "")]
        answers.append(await client.get("/metrics"))
    return [answer.status_code for answer in answers]


async def serve_and_use() -> list[int]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        host, port = listening.getsockname()
        try:
            return await use(f"http://{host}:{port}")
        finally:
            server.should_exit = True
            await serving


def main() -> list[int]:
    with sdk.configure("hive-fastapi"):
        return asyncio.run(serve_and_use())


if __name__ == "__main__":
    print("answered with", main())
