"""A chat completion as it comes from a model, piece by piece: bytes of a response in, its chunks out."""

import json
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from typing import cast

from agent_hive.work import Unavailable

MAX_ANSWER_BYTES = 256 * 1024
_DONE = b"[DONE]"
_FIELD = b"data:"

Chunk = Mapping[str, object]


async def chunks(body: AsyncIterable[bytes]) -> AsyncGenerator[Chunk]:
    """The JSON objects of a `text/event-stream` body; Unavailable where it is no such thing, or a very long one."""
    size = 0
    line = bytearray()
    async for piece in body:
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise Unavailable(f"the model's answer is larger than {MAX_ANSWER_BYTES} bytes")
        line += piece
        if b"\n" in piece:
            *whole, line = line.split(b"\n")
            for each in whole:
                data = bytes(each).removeprefix(_FIELD).strip()
                if each.startswith(_FIELD) and data != _DONE:
                    yield _object(data)


def text(chunk: Chunk) -> str:
    """The words that a chunk adds to the answer; none in the one with the usage."""
    try:
        choices = cast("list[dict[str, dict[str, str | None]]]", chunk["choices"])
        return "".join(choice["delta"].get("content") or "" for choice in choices)
    except (KeyError, TypeError, AttributeError) as error:
        raise Unavailable("the model's answer is not a chat completion") from error


def _object(data: bytes) -> Chunk:
    try:
        value = cast("object", json.loads(data))
    except (ValueError, RecursionError) as error:
        raise Unavailable("the model's answer is not JSON") from error
    if not isinstance(value, dict):
        raise Unavailable("the model's answer is not a chat completion")
    return cast("Chunk", value)
