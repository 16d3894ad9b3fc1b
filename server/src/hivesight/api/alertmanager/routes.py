"""The routes: alerts, groups, receivers, silences, status; and what of Alertmanager's first API is gone."""

import uuid
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hivesight.alerting.room import Alerting
from hivesight.alerting.silence import NoSuchSilence
from hivesight.api.alertmanager.answers import (
    BadDocument,
    Code,
    Handler,
    answer,
    answer_list,
    document_of,
    fault,
    guarded,
    refusal,
)
from hivesight.api.alertmanager.documents import (
    alert_document,
    group_document,
    receiver_document,
    silence_document,
    status_document,
)
from hivesight.api.alertmanager.filters import (
    alert_filter,
    label_filter,
    receiver_filter,
    said,
    silence_filter,
    silence_order,
)
from hivesight.api.alertmanager.postable import alerts_of, silence_of
from hivesight.api.workers import Workers
from hivesight.model.clock import Clock

_ALL_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def routes(
    alerting: Alerting,
    workers: Workers,
    clock: Clock,
    version: str,
    started_at_ms: int,
    configuration: Callable[[], str],
) -> list[BaseRoute]:
    """The routes of this package. configuration: the file in force, without secrets."""

    async def alerts(request: Request) -> Response:
        wanted, labels = alert_filter(request.query_params), label_filter(request.query_params)
        receivers = receiver_filter(request.query_params, alerting.receivers)

        def find() -> Response:
            found = alerting.alerts(wanted, labels, receivers)
            return answer_list(alert_document(view, view.state) for view in found)

        return await workers.run(find)

    async def post_alerts(request: Request) -> Response:
        document = await document_of(request, "alerts")

        def take() -> tuple[int, list[str]]:
            good, faults = alerts_of(document, clock.now_ms())
            return alerting.put(good) if good else 0, faults

        refused, faults = await workers.run(take)
        if refused:
            return refusal(507, f"{refused} alerts were refused: the store of alerts is full")
        return refusal(400, "; ".join(faults)) if faults else Response()

    async def groups(request: Request) -> Response:
        wanted, labels = alert_filter(request.query_params), label_filter(request.query_params)
        receivers = receiver_filter(request.query_params, alerting.receivers)
        muted = said(request.query_params, "muted")

        def find() -> Response:
            found = alerting.groups(wanted, labels, receivers)
            return answer_list(group_document(group) for group in found if muted or not group.muted_by)

        return await workers.run(find)

    async def receivers(request: Request) -> Response:
        found = alerting.receivers
        meant = receiver_filter(request.query_params, found, by_name=False)
        return answer([receiver_document(name, labels) for name, labels in found.items() if meant(name)])

    async def silences(request: Request) -> Response:
        wanted, now_ms = silence_filter(request.query_params), clock.now_ms()

        def find() -> Response:
            found = sorted(filter(wanted, alerting.silences), key=lambda each: silence_order(each, now_ms))
            return answer_list(silence_document(each, now_ms) for each in found)

        return await workers.run(find)

    async def post_silence(request: Request) -> Response:
        wanted = silence_of(await document_of(request, "silence"))
        now_ms = clock.now_ms()
        return answer({"silenceID": (await workers.run(lambda: alerting.silences.set(wanted, now_ms))).id})

    async def silence(request: Request) -> Response:
        id_ = _silence_id(request)
        try:
            return answer(silence_document(alerting.silences.get(id_), clock.now_ms()))
        except NoSuchSilence:
            return Response(status_code=404)

    async def delete_silence(request: Request) -> Response:
        id_ = _silence_id(request)
        try:
            await workers.run(lambda: alerting.silences.expire(id_, clock.now_ms()))
        except NoSuchSilence:
            return Response(status_code=404)
        return Response()

    async def status(_: Request) -> Response:
        return answer(status_document(version, started_at_ms, await workers.run(configuration)))

    return [
        *_resource("/api/v2/alerts", GET=alerts, POST=post_alerts),
        *_resource("/api/v2/alerts/groups", GET=groups),
        *_resource("/api/v2/receivers", GET=receivers),
        *_resource("/api/v2/silences", GET=silences, POST=post_silence),
        *_resource("/api/v2/silence/{id}", GET=silence, DELETE=delete_silence),
        *_resource("/api/v2/status", GET=status),
        Route("/api/v2/{path:path}", _nothing, methods=_ALL_METHODS),
        # /api/v1/alerts is Prometheus' too, and answers as there.
        *(Route(f"/api/v1/{name}", _gone, methods=_ALL_METHODS) for name in ("status", "receivers", "silences")),
        Route("/api/v1/silence/{id}", _gone, methods=_ALL_METHODS),
    ]


def _resource(path: str, **handlers: Handler) -> list[BaseRoute]:
    """A path with its methods, and an answer to all other ones."""
    allowed = ",".join(handlers)

    async def other(request: Request) -> Response:
        message = f"method {request.method} is not allowed, but [{allowed}] are"
        response = fault(Code.METHOD_NOT_ALLOWED, message)
        response.headers["Allow"] = allowed
        return response

    own = [Route(path, guarded(handler), methods=[method]) for method, handler in handlers.items()]
    return [*own, Route(path, other, methods=_ALL_METHODS)]


def _silence_id(request: Request) -> str:
    """Raises BadDocument."""
    text: str = request.path_params["id"]
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise BadDocument(f"silenceID in path must be of type uuid: {text!r}", Code.INVALID_TYPE) from None


async def _nothing(request: Request) -> Response:
    return fault(Code.NOT_FOUND, f"path {request.url.path} was not found")


async def _gone(_: Request) -> Response:
    return refusal(410, "Alertmanager's API v1 is gone since its version 0.27: ask the same of /api/v2")
