"""What series and labels there are: series, labels, label values, metadata."""

from collections.abc import Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import BadParameter, success
from hivesight.api.prometheus.params import Params
from hivesight.api.workers import Workers
from hivesight.model.clock import Clock
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher
from hivesight.storage.tsdb import Tsdb

_FOREVER_MS: Final = 1 << 60
_CUT: Final = "results truncated due to limit"


def routes(tsdb: Tsdb, workers: Workers, clock: Clock) -> list[BaseRoute]:
    """The routes of this module."""

    def span(params: Params) -> tuple[int, int]:
        return params.time_ms("start", 0), params.time_ms("end", clock.now_ms() + _FOREVER_MS)

    async def texts(params: Params, ask: Callable[[Sequence[Matcher], int, int], list[str]]) -> Response:
        start_ms, end_ms = span(params)
        selectors = params.selectors() or [()]
        found = await workers.run(lambda: {text for each in selectors for text in ask(each, start_ms, end_ms)})
        return _cut(sorted(found), params.limit())

    async def series(params: Params, _: Request) -> Response:
        start_ms, end_ms = span(params)
        selectors = params.selectors()
        if not selectors:
            raise BadParameter("no match[] parameter provided")

        def ask() -> set[Labels]:
            return {labels for each in selectors for labels in tsdb.series(each, start_ms, end_ms)}

        return _cut([dict(labels) for labels in sorted(await workers.run(ask))], params.limit())

    async def labels(params: Params, _: Request) -> Response:
        return await texts(params, tsdb.label_names)

    async def label_values(params: Params, request: Request) -> Response:
        name = _name(request.path_params["name"])
        return await texts(params, lambda matchers, start, end: tsdb.label_values(name, matchers, start, end))

    return [
        endpoint("/api/v1/series", series),
        endpoint("/api/v1/labels", labels),
        endpoint("/api/v1/label/{name}/values", label_values, ["GET"]),
    ]


def _cut(entries: Sequence[object], limit: int | None) -> Response:
    if limit is None or len(entries) <= limit:
        return success(entries)
    return success(entries[:limit], warnings=[_CUT])


def _name(text: str) -> str:
    """A label name from a path, where names outside the classic alphabet are escaped (`U__foo_2e_bar` is `foo.bar`)."""
    if not text.startswith("U__"):
        return text
    parts: list[str] = []
    rest = text[3:]
    while rest:
        if rest.startswith("__"):
            parts.append("_")
            rest = rest[2:]
        elif rest[0] == "_":
            code, mark, rest = rest[1:].partition("_")
            if not mark:
                return text
            try:
                parts.append(chr(int(code, 16)))
            except (ValueError, OverflowError):
                return text
        else:
            parts.append(rest[0])
            rest = rest[1:]
    return "".join(parts)
