"""The Prometheus HTTP API over a small store."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from hivesight.api.prometheus import cardinality_page, expressions, query, series, targets
from hivesight.api.prometheus.endpoint import preflight
from hivesight.model.batch import Exemplar
from hivesight.model.errors import QueryLimit
from hivesight.model.histogram import Histogram, HistogramGrid, Scale, cells_of
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata
from hivesight.model.symbols import Symbols, label_table
from hivesight.query.promql import Answer, Engine, Matrix, Vector, parse
from hivesight.query.promql import format as canonical
from hivesight.query.promql.render import render
from hivesight.sources.manager import ScrapeManager

NOW = 1_700_000_000


@pytest.fixture
def ask(tsdb, workers, clock, asking):
    engine = Engine(tsdb, clock=clock)
    return asking(
        [
            *query.routes(engine, workers, clock),
            *expressions.routes(tsdb, workers),
            *series.routes(tsdb, workers),
            preflight(),
        ]
    )


INSTANT = [
    ("1+1", {"resultType": "scalar", "result": [NOW, "2"]}),
    ('"a"', {"resultType": "string", "result": [NOW, "a"]}),
    ("sum(up)", {"resultType": "vector", "result": [{"metric": {}, "value": [NOW, "1"]}]}),
    (
        'up{job="b"}',
        {
            "resultType": "vector",
            "result": [{"metric": {"__name__": "up", "job": "b", "instance": "2"}, "value": [NOW, "0"]}],
        },
    ),
    (
        '{"my.metric"}',
        {
            "resultType": "vector",
            "result": [{"metric": {"__name__": "my.metric", "label.with.dots": "x"}, "value": [NOW, "+Inf"]}],
        },
    ),
    ("nothing", {"resultType": "vector", "result": []}),
]


@pytest.mark.parametrize(("text", "data"), INSTANT)
def test_instant_queries(ask, text, data) -> None:
    for answer in (ask("/api/v1/query", params={"query": text}), ask("/api/v1/query", "POST", data={"query": text})):
        assert answer.json() == {"status": "success", "data": data}


def test_range_queries(ask) -> None:
    span = {"query": "rate(requests_total[1m])", "start": NOW - 60, "end": NOW, "step": "30s"}
    data = ask("/api/v1/query_range", params=span).json()["data"]
    assert data["resultType"] == "matrix"
    (found,) = data["result"]
    assert found["metric"] == {"job": "a"}
    assert [at for at, _ in found["values"]] == [NOW - 60, NOW - 30, NOW]
    assert all(abs(float(value) - 10 / 15) < 1e-9 for _, value in found["values"])


def test_times_are_seconds_or_rfc3339(ask) -> None:
    for moment in (str(NOW - 30), "2023-11-14T22:12:50Z", "2023-11-14T23:12:50.000+01:00"):
        answer = ask("/api/v1/query", params={"query": "vector(time())", "time": moment}).json()
        assert answer["data"]["result"][0]["value"] == [NOW - 30, str(NOW - 30)]


def test_a_fault_has_its_kind_and_place(ask) -> None:
    answer = ask("/api/v1/query", params={"query": "sum(up) by"})
    body = answer.json()
    assert (answer.status_code, body["status"], body["errorType"]) == (400, "error", "bad_data")
    assert body["error"].startswith('invalid parameter "query": 1:11: parse error: ')


def test_infos_travel_beside_the_data(ask) -> None:
    body = ask("/api/v1/query", params={"query": "rate(up[1m])"}).json()
    assert body["status"] == "success" and "might not be a counter" in body["infos"][0]


LISTS = [
    ("/api/v1/labels", {}, ["__name__", "instance", "job", "label.with.dots"]),
    ("/api/v1/labels", {"match[]": "requests_total"}, ["__name__", "job"]),
    ("/api/v1/labels", {"start": NOW + 3600}, []),
    ("/api/v1/label/job/values", {}, ["a", "b"]),
    ("/api/v1/label/job/values", {"match[]": ['up{instance="2"}', "requests_total"]}, ["a", "b"]),
    ("/api/v1/label/job/values", {"match[]": 'up{instance="2"}'}, ["b"]),
    ("/api/v1/label/U__label_2e_with_2e_dots/values", {}, ["x"]),
    ("/api/v1/label/none/values", {}, []),
]


@pytest.mark.parametrize(("path", "parameters", "data"), LISTS)
def test_labels_and_values(ask, path, parameters, data) -> None:
    assert ask(path, params=parameters).json() == {"status": "success", "data": data}


def test_series(ask) -> None:
    found = ask("/api/v1/series", params={"match[]": ["up", 'requests_total{job="a"}']}).json()["data"]
    assert [each["__name__"] for each in found] == ["requests_total", "up", "up"]


def test_a_limit_cuts_and_says_so(ask) -> None:
    body = ask("/api/v1/labels", params={"limit": 2}).json()
    assert body["data"] == ["__name__", "instance"] and body["warnings"] == ["results truncated due to limit"]


def test_format_query(ask) -> None:
    answer = ask("/api/v1/format_query", params={"query": "sum  by(job)(up{ })"}).json()
    assert answer["data"] == "sum by (job) (up)"


TREES = [
    ("1", {"type": "numberLiteral", "val": "1"}),
    ('"a"', {"type": "stringLiteral", "val": "a"}),
    ("-(Inf)", ["unaryExpr", ("op", "-"), ("expr", "parenExpr")]),
    ("sum by (job) (up)", ["aggregation", ("op", "sum"), ("grouping", ["job"]), ("without", False), ("param", None)]),
    ("topk(2, up)", ["aggregation", ("param", "numberLiteral"), ("expr", "vectorSelector")]),
    ("up[5m] offset 1m", ["matrixSelector", ("name", "up"), ("range", 300_000), ("offset", 60_000)]),
    ("up @ 3", ["vectorSelector", ("timestamp", 3000), ("startOrEnd", None)]),
    ("up @ end()", ["vectorSelector", ("timestamp", None), ("startOrEnd", "end")]),
    ("up[5m:1m]", ["subquery", ("range", 300_000), ("step", 60_000), ("expr", "vectorSelector")]),
    (
        "round(up)",
        {
            "type": "call",
            "func": {"name": "round", "argTypes": ["vector", "scalar"], "variadic": 1, "returnType": "vector"},
            "args": [
                {
                    "type": "vectorSelector",
                    "name": "up",
                    "offset": 0,
                    "matchers": [{"name": "__name__", "value": "up", "type": "="}],
                    "timestamp": None,
                    "startOrEnd": None,
                    "anchored": False,
                    "smoothed": False,
                }
            ],
        },
    ),
    ("1 + 2", ["binaryExpr", ("op", "+"), ("matching", None), ("bool", False), ("lhs", "numberLiteral")]),
    (
        "a * on (job) group_left (x) b",
        [
            "binaryExpr",
            (
                "matching",
                {
                    "card": "many-to-one",
                    "labels": ["job"],
                    "on": True,
                    "include": ["x"],
                    "fillValues": {"lhs": None, "rhs": None},
                },
            ),
        ],
    ),
]


@pytest.mark.parametrize(("text", "wanted"), TREES)
def test_parse_query(ask, text, wanted) -> None:
    found = ask("/api/v1/parse_query", "POST", data={"query": text}).json()["data"]
    if isinstance(wanted, dict):
        assert found == wanted
        return
    kind, *fields = wanted
    assert found["type"] == kind
    for name, value in fields:
        inner = found[name]
        assert (inner["type"] if isinstance(inner, dict) and "type" in inner else inner) == value


def test_a_long_expression_is_broken_into_lines(ask) -> None:
    text = "+".join(["a_name_that_is_long_enough"] * 4)
    found = ask("/api/v1/format_query", "POST", data={"query": f"sum by(a)({text})"}).json()["data"]
    assert found.splitlines() == [
        "sum by (a) (",
        "    a_name_that_is_long_enough + a_name_that_is_long_enough + a_name_that_is_long_enough",
        "  +",
        "    a_name_that_is_long_enough",
        ")",
    ]


@pytest.mark.parametrize("count", [1, 60, 4000, 30_000])
def test_a_chain_of_any_length_can_be_formatted(ask, count) -> None:
    text = "+".join(["1"] * count)
    found = ask("/api/v1/format_query", "POST", data={"query": text}).json()["data"]
    assert canonical(parse(found)) == canonical(parse(text))


def test_a_long_chain_of_operators_is_a_deep_tree(ask) -> None:
    text = ask("/api/v1/parse_query", params={"query": "+".join(["1"] * 2000)}).text
    assert text.count('"binaryExpr"') == 1999 and text.count("{") == text.count("}")


def test_names_that_are_no_unicode_become_replacement_characters(ask) -> None:
    found = ask("/api/v1/parse_query", params={"query": 'up{a="\\xff"}'}).json()["data"]
    assert found["matchers"][0]["value"] == "\ufffd"


REFUSED = [
    ("query", {"query": "sum("}, 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis'),
    (
        "query",
        {"query": "up", "time": "abc"},
        """invalid parameter "time": Invalid time value for 'time': cannot parse "abc" to a valid timestamp""",
    ),
    (
        "query",
        {"query": "up", "time": "1e300"},
        """invalid parameter "time": Invalid time value for 'time': cannot parse "1e300" to a valid timestamp""",
    ),
    (
        "query",
        {"query": "up", "timeout": "abc"},
        'invalid parameter "timeout": cannot parse "abc" to a valid duration',
    ),
    (
        "query",
        {"query": "up", "lookback_delta": "abc"},
        'error parsing lookback delta duration: cannot parse "abc" to a valid duration',
    ),
    (
        "query",
        {"query": "up", "limit": "x"},
        'invalid parameter "limit": strconv.Atoi: parsing "x": invalid syntax',
    ),
    ("query", {"query": "up", "limit": "-1"}, 'invalid parameter "limit": limit must be non-negative'),
    (
        "query",
        {"query": "up", "limit": "9" * 19},
        f'invalid parameter "limit": strconv.Atoi: parsing "{"9" * 19}": value out of range',
    ),
    (
        "query_range",
        {"query": "up", "start": "abc", "end": 1, "step": 1},
        'invalid parameter "start": cannot parse "abc" to a valid timestamp',
    ),
    (
        "query_range",
        {"query": "up", "end": 1, "step": 1},
        'invalid parameter "start": cannot parse "" to a valid timestamp',
    ),
    (
        "query_range",
        {"query": "up", "start": 2, "end": 1, "step": 1},
        'invalid parameter "end": end timestamp must not be before start time',
    ),
    (
        "query_range",
        {"query": "up", "start": 0, "end": 1, "step": 0},
        'invalid parameter "step": zero or negative query resolution step widths are not accepted. '
        "Try a positive integer",
    ),
    (
        "query_range",
        {"query": "up", "start": 0, "end": 11002, "step": 1},
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
    ),
    (
        "query_range",
        {"query": "up[1m]", "start": 0, "end": 1, "step": 1},
        'invalid parameter "query": invalid expression type "range vector" for range query, '
        "must be Scalar or instant Vector",
    ),
    ("series", {}, "no match[] parameter provided"),
    (
        "series",
        {"match[]": "{}"},
        'invalid parameter "match[]": match[] must contain at least one non-empty matcher',
    ),
    (
        "series",
        {"match[]": "up offset 5m"},
        'invalid parameter "match[]": 1:4: parse error: unexpected <offset>',
    ),
    ("series", {"match[]": ["up", "1"]}, 'invalid parameter "match[]": 1:1: parse error: unexpected number "1"'),
    ("labels", {"match[]": "{}"}, "match[] must contain at least one non-empty matcher"),
    ("labels", {"match[]": "{a="}, "1:4: parse error: unexpected end of input inside braces"),
    ("label/U___d800_/values", {}, 'invalid label name: "\\ud800"'),
    ("format_query", {"query": "("}, 'invalid parameter "query": 1:2: parse error: unclosed left parenthesis'),
    ("parse_query", {}, 'invalid parameter "query": 1:1: parse error: no expression found in input'),
    ("query_exemplars", {"query": "sum("}, "1:5: parse error: unclosed left parenthesis"),
    (
        "query_exemplars",
        {"query": "up", "start": 2, "end": 1},
        "end timestamp must not be before start timestamp",
    ),
]


@pytest.mark.parametrize(("path", "parameters", "words"), REFUSED)
def test_wrong_parameters_are_refused_in_the_words_of_prometheus(ask, path, parameters, words) -> None:
    answer = ask(f"/api/v1/{path}", params=parameters)
    assert answer.json() == {"status": "error", "errorType": "bad_data", "error": words}
    assert answer.status_code == 400


def test_exemplars_of_every_selector_in_a_query(ask, tsdb) -> None:
    def example(job: str, trace: str, value: float, at_ms: int) -> Exemplar:
        return Exemplar(Labels({"__name__": "up", "job": job}), Labels({"trace_id": trace}), value, at_ms)

    early, late, other = (example("a", "1", 0.5, 1_500), example("a", "2", 1e21, 3_000), example("b", "3", 6, 2_000))
    tsdb._head.exemplars.keep([early, late, other])
    of_a = {
        "seriesLabels": {"__name__": "up", "job": "a"},
        "exemplars": [
            {"labels": {"trace_id": "1"}, "value": "0.5", "timestamp": 1.5},
            {"labels": {"trace_id": "2"}, "value": "1e+21", "timestamp": 3},
        ],
    }
    of_b = {
        "seriesLabels": {"__name__": "up", "job": "b"},
        "exemplars": [{"labels": {"trace_id": "3"}, "value": "6", "timestamp": 2}],
    }
    query = 'rate(up{job="a"}[1m]) + sum(up{job=~"b.*"})'
    path = "/api/v1/query_exemplars"
    assert ask(path, params={"query": query}).json()["data"] == [of_a, of_b]
    assert ask(path, "POST", data={"query": 'up{job="b"}', "start": 2, "end": 2}).json()["data"] == [of_b]
    assert ask(path, params={"query": query, "start": 4}).json()["data"] == []


def test_exemplars(ask) -> None:
    assert ask("/api/v1/query_exemplars", params={"query": "up"}).json() == {"status": "success", "data": []}
    assert ask("/api/v1/query_exemplars", params={"query": "1"}).status_code == 204


def test_a_limit_cuts_results(ask) -> None:
    span = {"query": "up", "start": NOW - 60, "end": NOW, "step": 60}
    for path, parameters in (("query", {"query": "up"}), ("query", {"query": "up[1m]"}), ("query_range", span)):
        body = ask(f"/api/v1/{path}", params={**parameters, "limit": 1}).json()
        assert len(body["data"]["result"]) == 1 and body["warnings"] == ["results truncated due to limit"]
        assert "warnings" not in ask(f"/api/v1/{path}", params={**parameters, "limit": 2}).json()
        assert "warnings" not in ask(f"/api/v1/{path}", params={**parameters, "limit": 0}).json()


def test_a_limit_cuts_histograms_too() -> None:
    cells = cells_of([Histogram(Scale(0, 0.0), count, 1.5, 0.0, {1: count}, {}) for count in (3.0, 4.0)])
    labels = label_table([Labels({"a": "1"}), Labels({"a": "2"})], Symbols())
    column = HistogramGrid(cells, np.array([[0], [1]]))
    for whole in (
        Vector(NOW * 1000, labels, np.full(2, np.nan), column),
        Matrix(labels, np.array([NOW * 1000]), np.full((2, 1), np.nan), np.full((2, 1), True), column),
    ):
        text = render(query._first(whole, 1)).decode()
        assert '"count":"3"' in text and '"count":"4"' not in text


def test_the_lookback_of_one_question(ask) -> None:
    late = {"query": "count(up)", "time": NOW + 120}
    assert ask("/api/v1/query", params=late).json()["data"]["result"]
    assert not ask("/api/v1/query", params={**late, "lookback_delta": "1m"}).json()["data"]["result"]
    assert ask("/api/v1/query", params={**late, "lookback_delta": "0"}).json()["data"]["result"]


def test_a_timeout_of_no_time(ask) -> None:
    answer = ask("/api/v1/query", params={"query": "up", "timeout": "0.0000001"})
    assert answer.status_code == 503
    assert answer.json() == {"status": "error", "errorType": "timeout", "error": "query timed out in query execution"}


def test_what_a_question_cost(ask) -> None:
    found = ask("/api/v1/query", params={"query": "up[1m]", "stats": "all"}).json()["data"]
    assert found["stats"]["samples"]["totalQueryableSamples"] >= 8
    assert {"evalTotalTime", "execQueueTime", "execTotalTime"} <= found["stats"]["timings"].keys()
    assert "stats" not in ask("/api/v1/query", params={"query": "up"}).json()["data"]


METHODS = [
    ("/api/v1/query", "PUT", 405, "GET, OPTIONS, POST"),
    ("/api/v1/query", "HEAD", 405, "GET, OPTIONS, POST"),
    ("/api/v1/label/job/values", "POST", 405, "GET, OPTIONS"),
    ("/api/v1/query", "OPTIONS", 204, None),
    ("/api/v1/nothing", "OPTIONS", 204, None),
    ("/api/v1/nothing", "GET", 404, None),
]


@pytest.mark.parametrize(("path", "method", "status", "allow"), METHODS)
def test_methods(ask, path, method, status, allow) -> None:
    answer = ask(path, method)
    assert (answer.status_code, answer.headers.get("allow")) == (status, allow)


def test_only_pages_of_this_address_may_read(ask) -> None:
    for method in ("GET", "OPTIONS"):
        for origin, allowed in (("http://test", "http://test"), ("http://elsewhere", None)):
            headers = ask("/api/v1/labels", method, headers={"Origin": origin}).headers
            assert headers.get("access-control-allow-origin") == allowed and "Origin" in headers["vary"]
            assert headers["access-control-allow-methods"] == "GET, POST, OPTIONS"
    assert "access-control-allow-methods" not in ask("/api/v1/labels").headers


def test_the_form_goes_before_the_address(ask) -> None:
    body = ask("/api/v1/query?query=1", "POST", data={"query": "2"}).json()
    assert body["data"]["result"][1] == "2"


def test_the_times_that_clients_in_go_write_for_ever(ask) -> None:
    span = {"start": "-292273086-05-16T16:47:06Z", "end": "292277025-08-18T07:12:54.999999999Z"}
    assert ask("/api/v1/label/job/values", params=span).json()["data"] == ["a", "b"]


def test_a_question_whose_asker_is_gone_ends(workers, clock) -> None:
    class Gone:
        async def receive(self) -> dict[str, str]:
            return {"type": "http.disconnect"}

    ended = threading.Event()

    def ask(*, cancelled: Callable[[], bool]) -> Answer:
        while not cancelled():
            ended.wait(0.001)
        ended.set()
        raise QueryLimit("query was cancelled")

    with pytest.raises(QueryLimit):
        asyncio.run(query._asked(Gone(), workers, ask, query._Shape(None, False, clock)))
    assert ended.is_set()


def test_metadata_of_senders_joins_that_of_targets(tsdb, clock, asking) -> None:
    tsdb._head.metadata.describe({"pushed": Metadata("counter", "All.", "bytes"), "other": Metadata("gauge")})
    with ThreadPoolExecutor(1) as pool:
        ask = asking(targets.routes(ScrapeManager(tsdb, clock, pool, CollectorRegistry()), tsdb))
        told = {"type": "counter", "help": "All.", "unit": "bytes"}
        plain = {"type": "gauge", "help": "", "unit": ""}
        path = "/api/v1/metadata"
        assert ask(path).json()["data"] == {"pushed": [told], "other": [plain]}
        assert ask(path, params={"metric": "pushed", "limit_per_metric": 1}).json()["data"] == {"pushed": [told]}
        assert ask(path, params={"limit": 1}).json()["data"] == {"pushed": [told]}
        assert ask(path, params={"limit": 0}).json()["data"] == {}


def test_the_cardinality_of_chosen_series(tsdb, workers, asking) -> None:
    ask = asking(cardinality_page.routes(tsdb, workers))
    path = "/api/v1/status/cardinality"
    everything = ask(path, params={"name": "job"}).json()["data"]
    assert everything["series"] == everything["seriesCreated"] == 4
    assert everything["seriesByValue"] == [{"name": "a", "value": 2}, {"name": "b", "value": 1}]
    assert sum(each["value"] for each in everything["churn"]["createdByMetric"]) == 4
    assert everything["churn"]["droppedByMetric"] == []
    chosen = ask(path, params={"match[]": 'up{job=~"b|c"}', "limit": 1}).json()["data"]
    assert chosen["series"] == 1
    assert chosen["seriesByMetric"] == [{"name": "up", "value": 1}]
    assert chosen["bytesByLabel"] == [{"name": "__name__", "value": 2}]
    assert len(chosen["seriesByLabelPair"]) == 1
    assert ask(path, params={"match[]": "nothing", "name": "x"}).json()["data"]["seriesByValue"] == []
    assert ask(path, params={"limit": 0}).status_code == 400


def test_a_number_beyond_all_floats(ask) -> None:
    for number in ("0x" + "f" * 1000, "0" + "7" * 1000, "9" * 1000):
        assert ask("/api/v1/query", params={"query": number}).json()["data"]["result"] == [NOW, "+Inf"]
