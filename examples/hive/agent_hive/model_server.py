"""scripted-model-server: speaks the OpenAI chat completions protocol, with answers from a script.

No language model is in here, and its name says so: the text follows from the facts in the prompt by fixed rules, so
the demo needs no key and costs nothing. Everything around it (HTTP, tokens, errors, slowness) is as with a real one.
"""

import contextlib
import hashlib
import json
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

import hivesight_sdk as hs
from agent_hive.catalog import MODEL
from agent_hive.faults import Faults
from agent_hive.httpjson import as_list, as_object, read_json
from agent_hive.script import count_tokens, review
from agent_hive.service import arguments, run
from agent_hive.work import BadRequest

_MAX_BODY_BYTES = 256 * 1024
_MAX_MESSAGES = 50
_WORDS_PER_CHUNK = 4


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer with its price in tokens; `created` is Unix time in seconds."""

    id: str
    created: int
    text: str
    prompt_tokens: int

    def whole(self) -> dict[str, object]:
        """A chat completion object."""
        message = {"role": "assistant", "content": self.text}
        return self._object("chat.completion", {"message": message, "finish_reason": "stop"}) | {"usage": self._usage()}

    def chunks(self, *, with_usage: bool) -> Iterator[dict[str, object]]:
        """The same as the chunks of a stream; the last has the usage and no choice."""
        words = self.text.split(" ")
        for start in range(0, len(words), _WORDS_PER_CHUNK):
            lead = " " if start else ""
            said = {"role": "assistant", "content": lead + " ".join(words[start : start + _WORDS_PER_CHUNK])}
            yield self._object("chat.completion.chunk", {"delta": said, "finish_reason": None})
        yield self._object("chat.completion.chunk", {"delta": {}, "finish_reason": "stop"})
        if with_usage:
            yield self._object("chat.completion.chunk") | {"usage": self._usage()}

    def _object(self, kind: str, *choices: dict[str, object]) -> dict[str, object]:
        numbered = [{"index": index, **choice} for index, choice in enumerate(choices)]
        head = {"id": self.id, "object": kind, "created": self.created, "model": "scripted-reviewer"}
        return {**head, "choices": numbered}

    def _usage(self) -> dict[str, int]:
        said = count_tokens(self.text)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": said,
            "total_tokens": self.prompt_tokens + said,
        }


def complete(body: Mapping[str, object], created: int) -> Completion:
    """The answer to a request body; BadRequest when it holds no messages."""
    texts: list[str] = []
    for message in as_list(body.get("messages"), "messages", _MAX_MESSAGES):
        content = as_object(message).get("content")
        if not isinstance(content, str):
            raise BadRequest("every message needs its content as a string")
        texts.append(content)
    if not texts:
        raise BadRequest("messages must hold at least one message")
    digest = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
    return Completion(f"chatcmpl-{digest[:24]}", created, review(texts[-1]), sum(map(count_tokens, texts)))


class ScriptedModel:
    """Counts what it answered; holds nothing else."""

    def __init__(self) -> None:
        self._answers = 0

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/v1/chat/completions", self._complete, methods=["POST"])]

    def health(self) -> Mapping[str, object]:
        return {"answers": self._answers}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        yield

    async def _complete(self, request: Request) -> Response:
        async with hs.track_latency("scripted_completion"):
            body = as_object(await read_json(request, _MAX_BODY_BYTES))
            answer = complete(body, int(time.time()))
        self._answers += 1
        if body.get("stream") is not True:
            return JSONResponse(answer.whole())
        options = as_object(body.get("stream_options") or {})
        chunks = answer.chunks(with_usage=options.get("include_usage") is True)
        return StreamingResponse(_events(chunks), media_type="text/event-stream")


def _events(chunks: Iterator[dict[str, object]]) -> Iterator[str]:
    for chunk in chunks:
        yield f"data: {json.dumps(chunk)}\n\n"
    yield "data: [DONE]\n\n"


def main() -> None:
    options = arguments(MODEL)
    run(MODEL, ScriptedModel(), Faults(slow_seconds=8.0), options)


if __name__ == "__main__":
    main()
