"""Where series come from: targets and the metadata of their metrics."""

from itertools import chain
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import invalid, success
from hivesight.api.prometheus.params import Params, metric_selector
from hivesight.model.clock import rfc3339
from hivesight.model.duration import format_duration
from hivesight.model.errors import BadQuery
from hivesight.model.matcher import all_match
from hivesight.model.metadata import Metadata
from hivesight.sources.manager import ScrapeManager
from hivesight.sources.scrape import TargetStatus
from hivesight.storage.tsdb import Tsdb

NEVER: Final = "0001-01-01T00:00:00Z"


def routes(scraping: ScrapeManager, tsdb: Tsdb) -> list[BaseRoute]:
    """The routes of this module."""

    async def targets(params: Params, _: Request) -> Response:
        state, pool = params.text("state", "any").lower(), params.text("scrapePool")
        active = scraping.active_targets() if state in ("any", "active") else []
        dropped = scraping.dropped_targets() if state in ("any", "dropped") else []
        return success(
            {
                "activeTargets": [_target(each) for each in active if not pool or each.target.pool == pool],
                "droppedTargets": [
                    {"discoveredLabels": dict(each.discovered), "scrapePool": each.pool}
                    for each in dropped
                    if not pool or each.pool == pool
                ],
                "droppedTargetCounts": scraping.dropped_counts() if state in ("any", "dropped") else None,
            }
        )

    async def metadata(params: Params, _: Request) -> Response:
        limit, per_metric, wanted = params.count("limit"), params.count("limit_per_metric"), params.text("metric")
        found: dict[str, list[dict[str, str]]] = {}
        scraped = (metrics for _target, metrics in scraping.metadata())
        for metrics in chain(scraped, [tsdb.metadata()]):
            for name in [wanted] if wanted else metrics:
                if name not in metrics:
                    continue
                if name not in found and 0 <= limit <= len(found):
                    continue
                entry, entries = _described(metrics[name]), found.setdefault(name, [])
                if entry not in entries and not 0 < per_metric <= len(entries):
                    entries.append(entry)
        return success(found)

    async def of_targets(params: Params, _: Request) -> Response:
        limit, wanted = params.count("limit"), params.text("metric")
        try:
            matchers = metric_selector(params.text("match_target")) if params.text("match_target") else ()
        except BadQuery as error:
            raise invalid("match_target", error) from error
        found: list[dict[str, Any]] = []
        for target, metrics in scraping.metadata():
            # As in Prometheus the limit counts before a target is asked, and a target is told of as a whole.
            if 0 <= limit <= len(found):
                break
            if not all_match(matchers, target.labels):
                continue
            labels = dict(target.labels)
            if wanted:
                if wanted in metrics:
                    found.append({"target": labels, **_described(metrics[wanted])})
                continue
            found += [{"target": labels, "metric": name, **_described(each)} for name, each in metrics.items()]
        return success(found)

    async def pools(_: Params, __: Request) -> Response:
        active = {each.target.pool for each in scraping.active_targets()}
        return success({"scrapePools": sorted(active | scraping.dropped_counts().keys())})

    return [
        endpoint("/api/v1/targets", targets, ["GET"]),
        endpoint("/api/v1/targets/metadata", of_targets, ["GET"]),
        endpoint("/api/v1/metadata", metadata, ["GET"]),
        endpoint("/api/v1/scrape_pools", pools, ["GET"]),
    ]


def _described(metadata: Metadata) -> dict[str, str]:
    return {"type": metadata.type, "help": metadata.help, "unit": metadata.unit}


def _target(status: TargetStatus) -> dict[str, Any]:
    target = status.target
    return {
        "discoveredLabels": dict(target.discovered),
        "labels": dict(target.labels),
        "scrapePool": target.pool,
        "scrapeUrl": target.url,
        "globalUrl": target.url,
        "lastError": status.last_error,
        "lastScrape": rfc3339(status.last_scrape_ms) if status.last_scrape_ms is not None else NEVER,
        "lastScrapeDuration": status.last_duration_seconds,
        "health": status.health,
        "scrapeInterval": format_duration(target.interval_ms),
        "scrapeTimeout": format_duration(target.timeout_ms),
    }
