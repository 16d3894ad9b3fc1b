"""`/federate`: the current sample of every series that is asked for, as text that another server scrapes
(Prometheus' `web/federate.go`)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from hivesight.api.prometheus.envelope import BadParameter
from hivesight.api.prometheus.params import params_of
from hivesight.api.prometheus.status import Server
from hivesight.api.workers import Workers
from hivesight.model.clock import Clock
from hivesight.model.errors import BadQuery, QueryLimit
from hivesight.model.gofloat import format_g
from hivesight.model.labels import METRIC_NAME, Labels, quoted
from hivesight.model.matcher import Matcher
from hivesight.model.series import is_absent, is_stale
from hivesight.storage.tsdb import Tsdb

INSTANCE: Final = "instance"
_PLAIN: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_OTHER: Final = re.compile(r"[^a-zA-Z0-9_:]")
_UTF8: Final = re.compile(r"escaping\s*=\s*allow-utf-8", re.IGNORECASE)

Sample = tuple[int, float]


def routes(server: Server, tsdb: Tsdb, workers: Workers, clock: Clock) -> list[BaseRoute]:
    """The route of this module."""

    async def federate(request: Request) -> Response:
        external = server.config().prometheus.global_.external_labels
        lookback_ms = server.start.settings.query.lookback_ms
        utf8 = _UTF8.search(request.headers.get("accept", "")) is not None
        now_ms = clock.now_ms()
        try:
            selectors = (await params_of(request)).selectors()
            body = await workers.run(
                lambda: exposition(_newest(tsdb, selectors, now_ms - lookback_ms, now_ms), external, utf8)
            )
        except (BadParameter, BadQuery) as error:
            return PlainTextResponse(f"{error}\n", 400)
        except QueryLimit as error:
            return PlainTextResponse(f"{error}\n", 503)
        escaping = "allow-utf-8" if utf8 else "underscores"
        return Response(
            body, headers={"Content-Type": f"text/plain; version=0.0.4; charset=utf-8; escaping={escaping}"}
        )

    return [Route("/federate", federate)]


def _newest(tsdb: Tsdb, selectors: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> dict[Labels, Sample]:
    """The newest sample in the closed interval of every series that has not ended there, native histograms aside."""
    found: dict[Labels, Sample] = {}
    for matchers in selectors:
        for block in tsdb.select(matchers, start_ms, end_ms):
            values = np.ascontiguousarray(block.values)
            last = values.shape[1] - 1 - np.argmax(~is_absent(values)[:, ::-1], axis=1)
            newest = np.ascontiguousarray(values[np.arange(len(values)), last])
            shown = ~is_stale(newest)
            if block.histograms is not None:
                # The text format has no native histograms.
                shown &= block.histograms.place[np.arange(len(values)), last] < 0
            for row in np.flatnonzero(shown).tolist():
                found[block.labels.labels(row)] = (int(block.times[last[row]]), float(newest[row]))
    return found


def exposition(samples: Mapping[Labels, Sample], external: Labels, utf8: bool) -> bytes:
    """Prometheus' text format 0.0.4 with timestamps, by name. Series get the external labels that they have not, and
    an empty instance where they have none, so that whoever scrapes does not put its own there. utf8: names outside of
    the classic alphabet are quoted; without it every foreign character becomes an underscore."""
    lines: list[str] = []
    beside = {INSTANCE: "", **external}
    before = ""
    for labels, (at_ms, value) in sorted(samples.items(), key=lambda each: (each[0].name, each[0])):
        if not labels.name:
            continue
        shown = _name(labels.name, utf8)
        if shown != before:
            lines.append(f"# TYPE {shown} untyped\n")
            before = shown
        said = {name: text for name, text in labels.pairs if name != METRIC_NAME}
        said |= {name: beside[name] for name in sorted(beside) if name not in said}
        inside = [f"{_name(name, utf8)}={quoted(text)}" for name, text in said.items()]
        if shown.startswith('"'):
            inside, shown = [shown, *inside], ""
        lines.append(f"{shown}{{{','.join(inside)}}} {format_g(value)} {at_ms}\n")
    return "".join(lines).encode("utf-8", "replace")


def _name(name: str, utf8: bool) -> str:
    if _PLAIN.fullmatch(name):
        return name
    if utf8:
        return quoted(name)
    text = _OTHER.sub("_", name)
    return "_" + text[1:] if text[0].isdigit() else text
