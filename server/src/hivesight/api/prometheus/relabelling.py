"""What the relabelling rules of a job make of a target, step by step: targets/relabel_steps, which Prometheus has
since 3.8."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import BadParameter, success
from hivesight.api.prometheus.params import Params
from hivesight.api.prometheus.status import Server
from hivesight.ingest.relabel import RelabelConfig, relabelling
from hivesight.model.labels import Labels
from hivesight.query.promql.literals import quote


def routes(server: Server) -> list[BaseRoute]:
    """The route of this module."""

    async def relabel_steps(params: Params, _: Request) -> Response:
        pool, text = params.text("scrapePool"), params.text("labels")
        if not pool:
            raise BadParameter("no scrapePool parameter provided")
        if not text:
            raise BadParameter("no labels parameter provided")
        labels = _labels(text)
        jobs = {each.job_name: each for each in server.config().prometheus.scrape_configs}
        if pool not in jobs:
            raise BadParameter(f"error retrieving scrape config: scrape pool {quote(pool[:100])} not found")
        steps: list[dict[str, Any]] = []
        current: Labels | None = labels
        for rule in jobs[pool].relabel_configs:
            current = relabelling((rule,)).apply(current) if current is not None else None
            steps.append({"rule": _rule(rule), "output": dict(current or {}), "keep": current is not None})
        return success({"steps": steps})

    return [endpoint("/api/v1/targets/relabel_steps", relabel_steps, ["GET"])]


def _labels(text: str) -> Labels:
    try:
        found: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadParameter(f"error parsing labels: {error}") from None
    if not isinstance(found, dict):
        raise BadParameter("error parsing labels: expected an object of names and values")
    pairs: dict[str, Any] = found  # pyright: ignore[reportUnknownVariableType]
    if not all(isinstance(value, str) for value in pairs.values()):
        raise BadParameter("error parsing labels: expected an object of names and values")
    return Labels(pairs)


def _rule(rule: RelabelConfig) -> dict[str, Any]:
    said = {
        "source_labels": list(rule.source_labels),
        "separator": rule.separator,
        "regex": rule.regex,
        "modulus": rule.modulus,
        "target_label": rule.target_label,
        "replacement": rule.replacement,
        "action": rule.action,
    }
    return {name: value for name, value in said.items() if value}
