"""What series and labels there are: series, labels, label values."""

from collections.abc import Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import BadParameter, invalid, success
from hivesight.api.prometheus.params import Params
from hivesight.api.workers import Workers
from hivesight.model.errors import BadQuery
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher
from hivesight.query.promql.literals import quote
from hivesight.storage.tsdb import Tsdb

CUT: Final = "results truncated due to limit"
_LONGEST_CODE: Final = 6
"""Hexadecimal digits of a character."""


def routes(tsdb: Tsdb, workers: Workers) -> list[BaseRoute]:
    """The routes of this module."""

    async def texts(params: Params, ask: Callable[[Sequence[Matcher], int, int], list[str]]) -> Response:
        limit = params.limit()
        start_ms, end_ms = params.span_ms()
        selectors = params.selectors() or [()]
        found = await workers.run(lambda: {text for each in selectors for text in ask(each, start_ms, end_ms)})
        return _cut(sorted(found), limit)

    async def series(params: Params, _: Request) -> Response:
        if not params.all("match[]"):
            raise BadParameter("no match[] parameter provided")
        limit = params.limit()
        start_ms, end_ms = params.span_ms()
        try:
            selectors = params.selectors()
        except BadQuery as error:
            raise invalid("match[]", error) from error

        def ask() -> set[Labels]:
            return {labels for each in selectors for labels in tsdb.series(each, start_ms, end_ms)}

        return _cut([dict(labels) for labels in sorted(await workers.run(ask))], limit)

    async def labels(params: Params, _: Request) -> Response:
        return await texts(params, tsdb.label_names)

    async def label_values(params: Params, request: Request) -> Response:
        name = _name(request.path_params["name"])
        if not name or any("\ud800" <= char <= "\udfff" for char in name):
            raise BadParameter(f"invalid label name: {quote(name)}")
        return await texts(params, lambda matchers, start, end: tsdb.label_values(name, matchers, start, end))

    return [
        endpoint("/api/v1/series", series),
        endpoint("/api/v1/labels", labels),
        endpoint("/api/v1/label/{name}/values", label_values, ["GET"]),
    ]


def _cut(entries: Sequence[object], limit: int | None) -> Response:
    if limit is None or len(entries) <= limit:
        return success(entries)
    return success(entries[:limit], warnings=[CUT])


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
            if not mark or len(code) > _LONGEST_CODE:
                return text
            try:
                parts.append(chr(int(code, 16)))
            except (ValueError, OverflowError):
                return text
        else:
            parts.append(rest[0])
            rest = rest[1:]
    return "".join(parts)
