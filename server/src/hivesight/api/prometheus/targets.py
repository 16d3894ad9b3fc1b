"""Where series come from: targets and the metadata of their metrics."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import success
from hivesight.api.prometheus.params import Params
from hivesight.model.clock import rfc3339
from hivesight.model.duration import format_duration
from hivesight.sources.manager import ScrapeManager
from hivesight.sources.scrape import TargetStatus

NEVER: Final = "0001-01-01T00:00:00Z"


def routes(scraping: ScrapeManager) -> list[BaseRoute]:
    """The routes of this module."""

    async def targets(params: Params, _: Request) -> Response:
        state, pool = params.text("state", "any"), params.text("scrapePool")
        active = [each for each in scraping.active_targets() if not pool or each.target.pool == pool]
        dropped = [each for each in scraping.dropped_targets() if not pool or each.pool == pool]
        return success(
            {
                "activeTargets": [_target(each) for each in active] if state in ("any", "active") else [],
                "droppedTargets": [
                    {"discoveredLabels": dict(each.discovered), "scrapePool": each.pool} for each in dropped
                ]
                if state in ("any", "dropped")
                else [],
                "droppedTargetCounts": scraping.dropped_counts(),
            }
        )

    async def metadata(params: Params, __: Request) -> Response:
        wanted, limit = params.text("metric"), params.limit()
        found: dict[str, list[Mapping[str, str]]] = {}
        for _, metrics in scraping.metadata():
            for name, each in metrics.items():
                if wanted and name != wanted:
                    continue
                if name not in found and limit is not None and len(found) >= limit:
                    continue
                entry = {"type": each.type, "help": each.help, "unit": each.unit}
                entries = found.setdefault(name, [])
                if entry not in entries:
                    entries.append(entry)
        return success(found)

    return [
        endpoint("/api/v1/targets", targets, ["GET"]),
        endpoint("/api/v1/metadata", metadata, ["GET"]),
        endpoint("/api/v1/scrape_pools", _pools(scraping), ["GET"]),
    ]


def _pools(scraping: ScrapeManager) -> Any:
    async def pools(_: Params, __: Request) -> Response:
        names: Sequence[str] = sorted({each.target.pool for each in scraping.active_targets()})
        return success({"scrapePools": names})

    return pools


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
