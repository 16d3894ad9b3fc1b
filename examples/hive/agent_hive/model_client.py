"""The reviewer's way to a language model: any OpenAI-compatible endpoint, the scripted server by default."""

import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import httpx2

import hivesight_sdk as hs
from agent_hive.catalog import MODEL
from agent_hive.pool import Unavailable
from agent_hive.service import url_of

MODEL_SERVICE = "model"
TIMEOUT_SECONDS = 25.0
REAL_CALLS_PER_MINUTE = 12
_MAX_ANSWER_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is. `key` is sent as a bearer token and never printed; `per_minute` None means no limit."""

    url: str
    model: str
    key: str | None = None
    per_minute: int | None = None

    def __repr__(self) -> str:
        return f"Endpoint(url={self.url!r}, model={self.model!r}, key={'<secret>' if self.key else None})"


def endpoint(env: Mapping[str, str] = os.environ) -> Endpoint:
    """A real endpoint when OPENAI_BASE_URL and OPENAI_API_KEY are both set, else the scripted server.

    A real one costs money: it is asked at most HIVE_MODEL_CALLS_PER_MINUTE times a minute (default 12).
    """
    base, key = env.get("OPENAI_BASE_URL", "").rstrip("/"), env.get("OPENAI_API_KEY")
    if base and key:
        limit = int(env.get("HIVE_MODEL_CALLS_PER_MINUTE", REAL_CALLS_PER_MINUTE))
        return Endpoint(f"{base}/chat/completions", env.get("OPENAI_MODEL", "gpt-4o-mini"), key, limit)
    return Endpoint(f"{url_of(MODEL)}/v1/chat/completions", "scripted-reviewer")


class ModelClient:
    """Asks for one completion at a time; `clock` is monotonic seconds."""

    def __init__(
        self, client: httpx2.AsyncClient, target: Endpoint, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._target = target
        self._clock = clock
        self._calls: deque[float] = deque(maxlen=target.per_minute or 1)

    def may_ask(self) -> bool:
        """False when the budget of calls for this minute is used up."""
        limit = self._target.per_minute
        if limit is None or limit > len(self._calls):
            return True
        return limit > 0 and self._clock() - self._calls[0] >= 60

    async def complete(self, instructions: str, prompt: str) -> str:
        """The answer's text; Unavailable on any transport error, status of 400 or more, or unusable body."""
        self._calls.append(self._clock())
        headers = {"Authorization": f"Bearer {self._target.key}"} if self._target.key else {}
        messages = [{"role": "system", "content": instructions}, {"role": "user", "content": prompt}]
        body = {"model": self._target.model, "messages": messages}
        try:
            async with hs.track_external_api(MODEL_SERVICE, "POST") as call:
                response = await self._client.post(
                    self._target.url, json=body, headers=headers, timeout=TIMEOUT_SECONDS
                )
                call.status_code = response.status_code
        except httpx2.HTTPError as error:
            raise Unavailable(f"the model does not answer: {error or type(error).__name__}") from error
        if response.status_code >= 400:
            raise Unavailable(f"the model answered HTTP {response.status_code}")
        return _text(response.content)


def _text(body: bytes) -> str:
    if len(body) > _MAX_ANSWER_BYTES:
        raise Unavailable(f"the model's answer is larger than {_MAX_ANSWER_BYTES} bytes")
    try:
        answer = cast("dict[str, list[dict[str, dict[str, str]]]]", httpx2.Response(200, content=body).json())
        return str(answer["choices"][0]["message"]["content"])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Unavailable("the model's answer is not a chat completion") from error
