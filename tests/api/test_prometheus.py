"""The Prometheus HTTP API over a small store."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from hivesight.api.prometheus import query, series
from hivesight.model.errors import QueryLimit
from hivesight.query.promql import Answer, Engine

NOW = 1_700_000_000


@pytest.fixture
def ask(tsdb, workers, clock, asking):
    engine = Engine(tsdb, clock=clock)
    return asking([*query.routes(engine, workers, clock), *series.routes(tsdb, workers, clock)])


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
    assert "parse error" in body["error"] and body["error"].startswith("1:")


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
        asyncio.run(query._asked(Gone(), workers, ask))
    assert ended.is_set()
