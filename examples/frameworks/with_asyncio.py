"""A hive of asyncio tasks: an orchestrator, a queue, and reviewers that ask a model and use a tool.

python examples/frameworks/with_asyncio.py
"""

import asyncio
import logging
from collections.abc import AsyncIterator

import hivesight_sdk as sdk

log = logging.getLogger("hive")

Message = dict[str, str]


@sdk.tool("read_file")
async def read_file(path: str) -> str:
    await asyncio.sleep(0)
    if path.endswith(".lock"):
        raise PermissionError(f"{path} is locked")
    return f"# {path}"


@sdk.model_call("local", "tiny-1")  # of a stream: the time to the first chunk, and the usage in its events
async def ask(prompt: str) -> AsyncIterator[dict[str, object]]:
    yield {"choices": [{"delta": {"content": "looks"}}]}
    yield {"choices": [{"delta": {"content": "good"}, "finish_reason": "stop"}]}
    yield {"choices": [], "usage": {"prompt_tokens": len(prompt), "completion_tokens": 2}}


@sdk.agent("reviewer")
async def review(path: str) -> int:
    text = await read_file(path)
    return len([chunk async for chunk in ask(f"Review: {text}")])


async def reviewer(queue: asyncio.Queue[Message], reviewed: list[str]) -> None:
    while True:
        message = await queue.get()
        try:
            # From here on it is a part of the sender's trace, and has the ids around the sender.
            with sdk.extract(message), sdk.track_task("reviewer", priority="high"):
                await review(message["path"])
            reviewed.append(message["path"])
        except OSError as error:
            log.error("not reviewed: %s", error)
        finally:
            queue.task_done()


async def orchestrate(paths: list[str]) -> list[str]:
    queue: asyncio.Queue[Message] = asyncio.Queue(maxsize=100)
    reviewed: list[str] = []
    reviewers = [asyncio.create_task(reviewer(queue, reviewed)) for _ in range(2)]
    with sdk.log_context(conversation="c-1"), sdk.workflow("review"):
        for path in paths:
            with sdk.handoff("orchestrator", "reviewer"):
                await queue.put(sdk.inject({"path": path}))
        sdk.record_queue("waiting", queue.qsize())
        await queue.join()
        sdk.record_queue("waiting", queue.qsize())
    for task in reviewers:
        task.cancel()
    await asyncio.gather(*reviewers, return_exceptions=True)
    return sorted(reviewed)


def main() -> list[str]:
    with sdk.configure("hive-asyncio"):
        sdk.expect_agents(["reviewer"])
        return asyncio.run(orchestrate(["main.py", "setup.py", "poetry.lock"]))


if __name__ == "__main__":
    print("reviewed:", ", ".join(main()))
