"""The routes: alerts, groups, receivers, silences, status."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hivesight.alerting.index import meets
from hivesight.alerting.matchers import parse_matchers
from hivesight.alerting.room import Alerting
from hivesight.alerting.silence import BadSilence, NoSuchSilence
from hivesight.alerting.view import AlertState, AlertView, LabelFilter
from hivesight.api.alertmanager.documents import (
    BadDocument,
    alert_document,
    alerts_of,
    group_document,
    silence_document,
    silence_of,
)
from hivesight.api.body import BodyTooLarge, body_of
from hivesight.api.workers import Workers
from hivesight.model.clock import Clock, rfc3339
from hivesight.model.errors import StorageError
from hivesight.model.matcher import Matcher, all_match, compile_regex

MAX_BODY_BYTES: Final = 16 << 20

_Handler = Callable[[Request], Any]


def routes(alerting: Alerting, workers: Workers, clock: Clock, version: str, started_at_ms: int) -> list[BaseRoute]:
    """The routes of this package."""

    async def alerts(request: Request) -> Response:
        wanted, labels = _filter(request), _label_filter(request)
        return await workers.run(lambda: _json_list(map(alert_document, alerting.alerts(wanted, labels))))

    async def post_alerts(request: Request) -> Response:
        document = _document(await body_of(request, MAX_BODY_BYTES))
        refused = await workers.run(lambda: alerting.put(alerts_of(document, clock.now_ms())))
        return _error(507, f"{refused} alerts were refused: the store of alerts is full") if refused else Response()

    async def groups(request: Request) -> Response:
        wanted, labels = _filter(request), _label_filter(request)
        return await workers.run(lambda: _json_list(map(group_document, alerting.groups(wanted, labels))))

    async def receivers(_: Request) -> Response:
        tree = alerting.tree
        names = {route.options.receiver for route in tree.walk()} if tree is not None else set[str]()
        return _json([{"name": name} for name in sorted(names)])

    async def silences(request: Request) -> Response:
        matchers = _matchers(request.query_params.getlist("filter"))
        now_ms = clock.now_ms()

        def find() -> Response:
            found = [
                each
                for each in alerting.silences
                if all_match(matchers, {matcher.name: matcher.value for matcher in each.matchers})
            ]
            found.sort(key=lambda each: (_SILENCE_ORDER[each.state(now_ms)], each.ends_at_ms))
            return _json_list(silence_document(each, now_ms) for each in found)

        return await workers.run(find)

    async def post_silence(request: Request) -> Response:
        document = _document(await body_of(request, MAX_BODY_BYTES))
        now_ms = clock.now_ms()
        request_ = silence_of(document, now_ms)
        return _json({"silenceID": (await workers.run(lambda: alerting.silences.set(request_, now_ms))).id})

    async def silence(request: Request) -> Response:
        return _json(silence_document(alerting.silences.get(request.path_params["id"]), clock.now_ms()))

    async def delete_silence(request: Request) -> Response:
        id_ = request.path_params["id"]
        await workers.run(lambda: alerting.silences.expire(id_, clock.now_ms()))
        return Response()

    async def status(_: Request) -> Response:
        return _json(
            {
                "cluster": {"status": "disabled", "peers": []},
                "config": {"original": ""},
                "uptime": rfc3339(started_at_ms),
                "versionInfo": {
                    "branch": "",
                    "buildDate": "",
                    "buildUser": "",
                    "goVersion": "",
                    "revision": "",
                    "version": version,
                },
            }
        )

    return [
        Route("/api/v2/alerts", _guarded(alerts), methods=["GET"]),
        Route("/api/v2/alerts", _guarded(post_alerts), methods=["POST"]),
        Route("/api/v2/alerts/groups", _guarded(groups)),
        Route("/api/v2/receivers", _guarded(receivers)),
        Route("/api/v2/silences", _guarded(silences), methods=["GET"]),
        Route("/api/v2/silences", _guarded(post_silence), methods=["POST"]),
        Route("/api/v2/silence/{id}", _guarded(silence), methods=["GET"]),
        Route("/api/v2/silence/{id}", _guarded(delete_silence), methods=["DELETE"]),
        Route("/api/v2/status", _guarded(status)),
    ]


_SILENCE_ORDER: Final = {"active": 0, "pending": 1, "expired": 2}


def _guarded(handler: _Handler) -> _Handler:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except NoSuchSilence as error:
            return _error(404, str(error))
        except (BadDocument, BadSilence, ValueError) as error:
            return _error(400, str(error))
        except BodyTooLarge as error:
            return _error(413, str(error))
        except StorageError as error:
            return _error(503, str(error))

    return answer


def _label_filter(request: Request) -> LabelFilter:
    return meets(_matchers(request.query_params.getlist("filter")))


def _filter(request: Request) -> Callable[[AlertView], bool]:
    query = request.query_params
    receiver = compile_regex(query["receiver"]) if query.get("receiver") else None
    shown = {name: query.get(name, "true").lower() != "false" for name in ("active", "silenced", "inhibited", "muted")}
    unprocessed = query.get("unprocessed", "true").lower() != "false"

    def wanted(view: AlertView) -> bool:
        return (
            (receiver is None or any(receiver.fullmatch(name) for name in view.receivers))
            and (shown["active"] or view.state is not AlertState.ACTIVE)
            and (unprocessed or view.state is not AlertState.UNPROCESSED)
            and (shown["silenced"] or not view.silenced_by)
            and (shown["inhibited"] or not view.inhibited_by)
            and (shown["muted"] or not view.muted_by)
        )

    return wanted


def _matchers(texts: Sequence[str]) -> list[Matcher]:
    return [matcher for text in texts for matcher in parse_matchers(text)]


def _document(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadDocument(f"not JSON: {error}") from error


def _json(document: Any) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")


def _json_list(documents: Iterable[Any]) -> Response:
    """One after the other: of 200,000 alerts the documents weigh several times what their text does."""
    return Response(b"[" + b",".join(map(orjson.dumps, documents)) + b"]", media_type="application/json")


def _error(status: int, message: str) -> Response:
    return Response(orjson.dumps(message), status, media_type="application/json")
