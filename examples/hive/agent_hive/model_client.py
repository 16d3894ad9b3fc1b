"""The reviewer's way to a language model: any OpenAI-compatible endpoint, the scripted server by default."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx2

import hivesight_sdk as hs
from agent_hive.breaker import CircuitBreaker
from agent_hive.catalog import MODEL
from agent_hive.completions import chunks, text
from agent_hive.service import url_of
from agent_hive.work import Unavailable

MODEL_SERVICE = "model"
TIMEOUT_SECONDS = 25.0
REAL_CALLS_PER_MINUTE = 12
SCRIPTED_PRICE = (0.15, 0.60)
"""What the scripted model would cost if it were a small real one, so that there is something to add up."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is. `key` is sent as a bearer token and never printed; `per_minute` None means no limit.

    `price` is in dollars per million tokens, in and out; None where nobody said it.
    """

    url: str
    model: str
    key: str | None = None
    per_minute: int | None = None
    provider: str = "openai"
    price: tuple[float, float] | None = None

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
    scripted = f"{url_of(MODEL)}/v1/chat/completions"
    return Endpoint(scripted, "scripted-reviewer", provider="scripted", price=SCRIPTED_PRICE)


class ModelClient:
    """Asks for one completion at a time; `clock` is monotonic seconds."""

    def __init__(
        self, client: httpx2.AsyncClient, target: Endpoint, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._target = target
        self._clock = clock
        self._calls: deque[float] = deque(maxlen=target.per_minute or 1)
        self._breaker = CircuitBreaker(MODEL_SERVICE, clock)
        hs.expect_external_api(MODEL_SERVICE, "POST")
        hs.expect_model(target.provider, target.model)
        if target.price is not None:
            hs.set_prices({target.model: target.price})

    def may_ask(self) -> bool:
        """False when the budget of calls for this minute is used up."""
        limit = self._target.per_minute
        if limit is None or limit > len(self._calls):
            return True
        return limit > 0 and self._clock() - self._calls[0] >= 60

    async def complete(self, instructions: str, prompt: str) -> str:
        """The answer's text; Unavailable without one: any transport error, a status of 400 or more, a body that is no
        completion, no end of it within TIMEOUT_SECONDS, or a circuit that is open."""
        messages = [{"role": "system", "content": instructions}, {"role": "user", "content": prompt}]
        try:
            with self._breaker.guard():
                self._calls.append(self._clock())
                return await self._ask(messages)
        except (httpx2.HTTPError, TimeoutError) as error:
            raise Unavailable(f"the model does not answer: {error or type(error).__name__}") from error

    async def _ask(self, messages: list[dict[str, str]]) -> str:
        target, words = self._target, list[str]()
        headers = {"Authorization": f"Bearer {target.key}"} if target.key else {}
        body = {"model": target.model, "messages": messages, "stream": True, "stream_options": {"include_usage": True}}
        async with (
            hs.model_call(target.provider, target.model) as call,
            hs.track_external_api(MODEL_SERVICE, "POST"),
            asyncio.timeout(TIMEOUT_SECONDS),
            self._client.stream("POST", target.url, json=body, headers=headers, timeout=None) as response,
        ):
            if response.status_code >= 400:
                raise Unavailable(f"the model answered HTTP {response.status_code}", response.status_code)
            async for chunk in chunks(response.aiter_bytes()):
                call.first_chunk()
                call.read(chunk)
                words.append(text(chunk))
            if not words:
                raise Unavailable("the model's answer is not a chat completion")
        return "".join(words)
