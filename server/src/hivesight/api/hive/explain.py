"""Why was I (not) told, and would I be told if: the whole way of an alert, from its rule to the receivers' answers."""

import difflib
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hivesight.alerting.matchers import parse_matchers
from hivesight.alerting.room import Alerting
from hivesight.api.hive.explained import explanation_document, rule_document, tree_document
from hivesight.api.prometheus.params import Params, params_of
from hivesight.api.workers import Workers
from hivesight.model.clock import Clock, rfc3339
from hivesight.model.errors import HivesightError, QueryLimit
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType, all_match
from hivesight.rules import RuleManager, Window, Witness

DEFAULT_WINDOW_MS: Final = 24 * 3_600_000
DEFAULT_LIMIT: Final = 10
MAX_LIMIT: Final = 100
MAX_LABELS: Final = 128
_SUGGESTIONS: Final = 5


def explain_routes(
    alerting: Alerting,
    rules: RuleManager,
    told_as: Callable[[Labels], Labels | None],
    workers: Workers,
    clock: Clock,
) -> list[BaseRoute]:
    """The routes of this module. told_as: under which labels a rule's alert comes to `alerting`."""

    async def alerts(request: Request) -> Response:
        params = await params_of(request)
        matchers = [matcher for text in params.all("filter") for matcher in parse_matchers(text)]
        now_ms = clock.now_ms()
        end_ms = params.time_ms("end", now_ms)
        window = Window(params.time_ms("start", end_ms - DEFAULT_WINDOW_MS), end_ms)
        limit = min(MAX_LIMIT, params.limit() or DEFAULT_LIMIT)
        return _json(await workers.run(lambda: _explained(matchers, window, limit)))

    def _explained(matchers: Sequence[Matcher], window: Window, limit: int) -> dict[str, Any]:
        witness = rules.witness(told_as)
        pending = (labels for labels in witness.active() if all_match(matchers, labels))
        found = list(dict.fromkeys([*alerting.known(matchers), *pending]))
        return {
            "now": rfc3339(clock.now_ms()),
            "alerts": [_document(alerting, witness, labels, window) for labels in found[:limit]],
            "more": max(0, len(found) - limit),
            "rules": [] if found else _silent(witness, _named(matchers), window),
            "did_you_mean": [] if found else _similar(rules, _named(matchers)),
        }

    async def test(request: Request) -> Response:
        params = await params_of(request)
        labels = _labels(params)
        window = Window(clock.now_ms(), clock.now_ms())
        return _json(await workers.run(lambda: _document(alerting, rules.witness(told_as), labels, window)))

    async def tree(_: Request) -> Response:
        root = alerting.tree
        return _json(None if root is None else tree_document(root))

    return [
        Route("/hive/api/v1/routes", tree),
        Route("/hive/api/v1/alerts/explain", _guarded(alerts)),
        Route("/hive/api/v1/routes/test", _guarded(test)),
    ]


def _document(alerting: Alerting, witness: Witness, labels: Labels, window: Window) -> dict[str, Any]:
    return explanation_document(alerting.explain(labels), witness.evidence(labels, window))


def _silent(witness: Witness, name: str, window: Window) -> list[dict[str, Any]]:
    """The rules of a name none of whose alerts is known."""
    return [rule_document(each) for each in witness.evidence(Labels({"alertname": name}), window)]


def _similar(rules: RuleManager, name: str) -> list[str]:
    """Names of alerting rules that are like this one, where there is none of it."""
    names = {rule.name for group in rules.snapshot().groups for rule in group.rules if rule.alerting}
    return [] if name in names else difflib.get_close_matches(name, sorted(names), _SUGGESTIONS)


def _named(matchers: Sequence[Matcher]) -> str:
    return next((each.value for each in matchers if (each.name, each.type) == ("alertname", MatchType.EQUAL)), "")


def _labels(params: Params) -> Labels:
    """Those of every `label=name=value`. Raises ValueError."""
    texts = params.all("label")
    if not 0 < len(texts) <= MAX_LABELS:
        raise ValueError(f"name the alert by 1 to {MAX_LABELS} labels: label=severity=critical")
    pairs = [text.partition("=") for text in texts]
    for text, (name, equals, _) in zip(texts, pairs, strict=True):
        if not name or not equals:
            raise ValueError(f"{text!r} is no label: write name=value")
    return Labels((name, value) for name, _, value in pairs)


def _guarded(handler: Callable[[Request], Any]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        try:
            response: Response = await handler(request)
        except QueryLimit as error:
            return _json({"error": str(error)}, 503)
        except (HivesightError, ValueError) as error:
            return _json({"error": str(error)}, 400)
        return response

    return answer


def _json(document: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(document), status, media_type="application/json")
