"""The server as a whole, and what was said to whom lately."""

from dataclasses import asdict, dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hivesight.model.clock import Clock, rfc3339
from hivesight.notify import Delivery, History
from hivesight.storage.tsdb import Tsdb


@dataclass(frozen=True, slots=True)
class Demo:
    """What a page may say of the demo. inbox_url: where its notifications arrive. command: what to type before a fault
    and a service to make something go wrong."""

    inbox_url: str
    command: str


def status_routes(
    tsdb: Tsdb, history: History, clock: Clock, version: str, started_at_ms: int, demo: Demo | None
) -> list[BaseRoute]:
    """The routes of this module. demo: None where none runs."""

    async def status(_: Request) -> Response:
        stats = tsdb.stats()
        return _json(
            {
                "version": version,
                "started_at": rfc3339(started_at_ms),
                "now_ms": clock.now_ms(),
                "storage": {"series": stats.series, "samples_appended_total": stats.samples_appended_total},
                "demo": asdict(demo) if demo else None,
            }
        )

    async def notifications(request: Request) -> Response:
        text = request.query_params.get("limit", "100")
        limit = int(text) if text.isdecimal() and len(text) < 10 else 100
        return _json({"notifications": [_delivery(each) for each in history.recent(limit)]})

    return [Route("/hive/api/v1/status", status), Route("/hive/api/v1/notifications", notifications)]


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "at": rfc3339(delivery.at_ms),
        "receiver": delivery.receiver,
        "integration": delivery.integration,
        "index": delivery.index,
        "group_key": delivery.group_key,
        "group_labels": delivery.group_labels,
        "status": delivery.status,
        "alerts": [
            {"fingerprint": each.fingerprint, "status": each.status, "labels": each.labels} for each in delivery.alerts
        ],
        "outcome": delivery.outcome,
        "reason": delivery.error or delivery.reason,
        "attempts": delivery.attempts,
    }


def _json(document: Any) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
