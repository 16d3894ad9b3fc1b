"""A server with Prometheus' HTTP API as a source: its `query_range` answers what reads its series alone, and of the
others the samples themselves are fetched."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

import httpx2
import numpy as np
import orjson

from hivesight.doctor.backtest.fetched import Parts, matrix_of, vector_of
from hivesight.http_client.authorized import AuthorizedClient
from hivesight.http_client.body import read_raw
from hivesight.http_client.config import HttpConfig
from hivesight.http_client.errors import BodyTooLarge, SettingError
from hivesight.http_client.reasons import reason_of
from hivesight.model.errors import BadQuery, HivesightError, QueryError, QueryLimit
from hivesight.model.matcher import Matcher
from hivesight.model.series import SeriesBlock
from hivesight.model.symbols import Symbols
from hivesight.query.promql import Answer, Matrix

MAX_ANSWER_BYTES: Final = 256 << 20
_ANSWER_SECONDS: Final = 300.0
_PIECE_MS: Final = 6 * 3_600_000
_USER: Final = re.compile(r"//[^/]*@")


class Remote(AbstractContextManager["Remote"]):
    """A `Source`. Runs an event loop of its own, so call it where none runs. Not thread-safe."""

    def __init__(self, url: str, config: HttpConfig) -> None:
        """url: up to and without `/api/v1`. config: credentials, certificates and proxy."""
        self._url = url.rstrip("/")
        self._client = AuthorizedClient(config)
        self._runner = asyncio.Runner()
        self._symbols = Symbols()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._runner.run(self._client.close())
        finally:
            self._runner.close()

    def range(self, query: str, start_ms: int, end_ms: int, step_ms: int) -> Matrix:
        """See Source."""
        # VictoriaMetrics answers for the moments that it is asked for only so.
        form = {"start": _seconds(start_ms), "end": _seconds(end_ms), "step": _seconds(step_ms), "nocache": "1"}
        found = self._asked("query_range", {"query": query, **form})
        times = np.arange(start_ms, end_ms + 1, step_ms, dtype=np.int64)
        return matrix_of(found, times, self._symbols)

    def instant(self, query: str, at_ms: int) -> Answer:
        """See Source."""
        found = self._asked("query", {"query": query, "time": _seconds(at_ms)})
        return Answer(vector_of(found, at_ms, self._symbols))

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        """See Querier. Where series ended is guessed: see `fetched.Parts.blocks`."""
        selector = "{" + ",".join(map(str, matchers)) + "}"
        parts = Parts()
        for begin in range(start_ms, end_ms + 1, _PIECE_MS):
            last = min(begin + _PIECE_MS - 1, end_ms)
            # A range is open at its beginning: the sample at `begin` is to be in it.
            form = {"query": f"{selector}[{last - begin + 1}ms]", "time": _seconds(last)}
            parts.add(self._asked("query", form))
        return parts.blocks(end_ms, self._symbols)

    def _asked(self, path: str, form: Mapping[str, str]) -> Any:
        """The data of a good answer."""
        status, body = self._runner.run(self._posted(path, urlencode(form).encode()))
        try:
            document: Any = orjson.loads(body)
            good = document["status"] == "success"
            said = "" if good else str(document["error"])[:300]
            if good:
                return document["data"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise HivesightError(
                f"{self._shown} answers {status}, and not as Prometheus' API does: name the address without /api/v1"
            ) from error
        kind = str(document.get("errorType"))
        if kind == "bad_data":
            raise BadQuery(said)
        if kind in ("timeout", "canceled") or "too many" in said:
            raise QueryLimit(said)
        if kind in ("execution", "422"):
            raise QueryError(said)
        raise HivesightError(f"{self._shown} cannot answer ({status}): {said}")

    async def _posted(self, path: str, form: bytes) -> tuple[int, bytes]:
        headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept-Encoding", "identity")]
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                async with self._client.post(f"{self._url}/api/v1/{path}", headers, form) as response:
                    return response.status_code, await read_raw(response, MAX_ANSWER_BYTES)
        except (TimeoutError, BodyTooLarge) as error:
            raise QueryLimit(
                f"no answer within {_ANSWER_SECONDS:g} s" if isinstance(error, TimeoutError) else str(error)
            ) from error
        except SettingError as error:
            raise HivesightError(f"cannot ask {self._shown}: {error}") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise HivesightError(
                f"no server answers at {self._shown} ({reason_of(error)}): start one, or name it with --server"
            ) from error

    @property
    def _shown(self) -> str:
        return _USER.sub("//", self._url)


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}"
