"""scripted-model-server: speaks the OpenAI chat completions protocol, with answers from a script.

No language model is in here, and its name says so: the text follows from the facts in the prompt by fixed rules, so
the demo needs no key and costs nothing. Everything around it (HTTP, tokens, errors, slowness) is as with a real one.
"""

import contextlib
import hashlib
import re
import time
from collections.abc import AsyncGenerator, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

import hivesight_sdk as hs
from agent_hive.catalog import MODEL
from agent_hive.faults import Faults
from agent_hive.httpjson import as_list, as_object, read_json
from agent_hive.service import arguments, run
from agent_hive.work import BadRequest

_MAX_BODY_BYTES = 256 * 1024
_MAX_MESSAGES = 50
_FACT = re.compile(r"^([a-z_]{1,40}\.[a-z_]{1,40})=(-?\d{1,12}(?:\.\d{1,12})?(?:e[+-]?\d{1,3})?)$", re.MULTILINE)
_FILE = re.compile(r"^file=(.{1,300})$", re.MULTILINE)
_TOKEN = re.compile(r"\w+|[^\w\s]")


def review(prompt: str) -> str:
    """The scripted review of a prompt with lines `agent.fact=number`; same prompt, same words."""
    facts = {str(name): float(value) for name, value in _FACT.findall(prompt)}
    named = _FILE.search(prompt)
    name = named.group(1) if named else "the file"
    objections: list[str] = []
    if facts.get("compiler.compiles") == 0:
        return f"{name} does not compile, so nothing else about it matters.\nVERDICT: reject"
    if (secrets := facts.get("security.secrets", 0)) > 0:
        objections.append(f"{secrets:.0f} secrets must leave the source before anything else")
    if (worst := facts.get("complexity.worst", 0)) > 20:
        objections.append(f"its most complex function has {worst:.0f} paths and should be split")
    if (coverage := facts.get("documentation.coverage", 1.0)) < 0.5:
        objections.append(f"only {coverage:.0%} of its public names are documented")
    if (calls := facts.get("security.dangerous_calls", 0)) > 0:
        objections.append(f"{calls:.0f} calls hand control to data")
    verdict = "reject" if secrets > 1 else "request_changes" if len(objections) > 1 or secrets else "approve"
    body = "; ".join(objections) if objections else "nothing in the measurements speaks against it"
    return f"Review of {name}: {body}.\nVERDICT: {verdict}"


def count_tokens(text: str) -> int:
    """Words and punctuation marks: of the order that a real tokenizer gives."""
    return sum(1 for _ in _TOKEN.finditer(text))


def completion(body: Mapping[str, object], created: int) -> dict[str, object]:
    """A chat completion object for a request body; BadRequest when it holds no messages."""
    texts: list[str] = []
    for message in as_list(body.get("messages"), "messages", _MAX_MESSAGES):
        content = as_object(message).get("content")
        if not isinstance(content, str):
            raise BadRequest("every message needs its content as a string")
        texts.append(content)
    if not texts:
        raise BadRequest("messages must hold at least one message")
    answer = review(texts[-1])
    asked, said = sum(map(count_tokens, texts)), count_tokens(answer)
    return {
        "id": "chatcmpl-" + hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:24],
        "object": "chat.completion",
        "created": created,
        "model": "scripted-reviewer",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"},
        ],
        "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
    }


class ScriptedModel:
    """Counts what it answered; holds nothing else."""

    def __init__(self) -> None:
        self._answers = 0
        self._tokens = 0

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/v1/chat/completions", self._complete, methods=["POST"])]

    def health(self) -> Mapping[str, object]:
        return {"answers": self._answers, "total_tokens": self._tokens}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        yield

    async def _complete(self, request: Request) -> JSONResponse:
        async with hs.track_latency("scripted_completion"):
            body = as_object(await read_json(request, _MAX_BODY_BYTES))
            answer = completion(body, int(time.time()))
        self._answers += 1
        usage = answer["usage"]
        assert isinstance(usage, dict)
        self._tokens += int(usage["total_tokens"])  # pyright: ignore[reportUnknownArgumentType]
        return JSONResponse(answer)


def main() -> None:
    options = arguments(MODEL)
    run(MODEL, ScriptedModel(), Faults(slow_seconds=8.0), options)


if __name__ == "__main__":
    main()
