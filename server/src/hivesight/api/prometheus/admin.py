"""Administration of the store: delete_series, clean_tombstones and snapshot. Off unless the settings switch it on."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import BadParameter, ErrorType, failure, invalid, nothing, success
from hivesight.api.prometheus.params import Params
from hivesight.api.workers import Workers
from hivesight.model.errors import BadQuery
from hivesight.storage.tsdb import Tsdb

_METHODS = ("POST", "PUT")
_DISABLED = "admin APIs disabled: switch them on with `admin_api: true` in hivesight.yml"


def routes(tsdb: Tsdb, workers: Workers, *, enabled: bool) -> list[BaseRoute]:
    """The routes of this module."""

    async def delete_series(params: Params, _: Request) -> Response:
        if not enabled:
            return failure(ErrorType.UNAVAILABLE, _DISABLED)
        if not params.all("match[]"):
            raise BadParameter("no match[] parameter provided")
        start_ms, end_ms = params.span_ms()
        try:
            selectors = params.selectors()
        except BadQuery as error:
            raise invalid("match[]", error) from error
        for each in selectors:
            await workers.run(lambda matchers=each: tsdb.delete(matchers, start_ms, end_ms))
        return nothing()

    async def clean_tombstones(params: Params, _: Request) -> Response:
        if not enabled:
            return failure(ErrorType.UNAVAILABLE, _DISABLED)
        await workers.run(tsdb.clean)
        return nothing()

    async def snapshot(params: Params, _: Request) -> Response:
        if not enabled:
            return failure(ErrorType.UNAVAILABLE, _DISABLED)
        return success({"name": await workers.run(tsdb.snapshot)})

    return [
        endpoint("/api/v1/admin/tsdb/delete_series", delete_series, _METHODS),
        endpoint("/api/v1/admin/tsdb/clean_tombstones", clean_tombstones, _METHODS),
        endpoint("/api/v1/admin/tsdb/snapshot", snapshot, _METHODS),
    ]
