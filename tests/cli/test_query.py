"""`hivesight query` against a running server, and its charts."""

import json
import math
import time
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from e2e.running import Server, eventually, serving
from hivesight.cli.chart import area, bar, fitted, short, sparkline
from hivesight.cli.main import hivesight
from hivesight.cli.query_text import chart, table

Query = Callable[..., Result]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("query")) as running:
        eventually(lambda: running.query("up"), 20, "a first scrape")
        yield running


@pytest.fixture
def query(server) -> Query:
    def run(*words: str) -> Result:
        return CliRunner().invoke(hivesight, ["query", "--url", server.url, *words])

    return run


def test_a_table(query) -> None:
    result = query('label_replace(vector(3), "job", "a", "", "") or label_replace(vector(12), "b", "x", "", "")')
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == ["B  JOB  VALUE", "   a        3", "x          12"]


ANSWERS = [
    (["1 + 1"], "2\n"),
    (['"a"'], "a\n"),
    (["nothing_is_called_so"], "(no series)\n"),
    (["time()", "--time", "1000"], "1000\n"),
    (["time()", "--time", "1970-01-01T01:00:00+01:00"], "0\n"),
    (["vector(time())", "--start", "0", "--end", "20", "--step", "10s"], None),
]


@pytest.mark.parametrize(("words", "output"), ANSWERS)
def test_answers(query, words, output) -> None:
    result = query(*words)
    assert result.exit_code == 0
    if output is None:
        output = "{}\n  1970-01-01 00:00:00  0\n  1970-01-01 00:00:10  10\n  1970-01-01 00:00:20  20\n"
    assert result.output == output


def test_a_time_before_now(query) -> None:
    asked = float(query("time()", "--time", "-1h").output)
    assert abs(time.time() - 3600 - asked) < 60


def test_a_course_has_an_hour_and_120_steps_by_default(query) -> None:
    data = json.loads(query("vector(1)", "--end", "7200", "--output", "json").output)
    assert data["resultType"] == "matrix"
    times = [at for at, _ in data["result"][0]["values"]]
    assert (times[0], times[1], times[-1]) == (3600, 3630, 7200)


def test_a_chart(query) -> None:
    lines = query("vector(time())", "--start", "0", "--end", "600", "--step", "10", "--output", "chart").output
    rows = lines.splitlines()
    assert rows[0] == "{}" and rows[-1] == "1970-01-01 00:00:00 to 1970-01-01 00:10:00 UTC"
    assert rows[1].startswith("600 │") and rows[1].endswith("█") and "│▁" in rows[10]
    assert query("up", "--output", "chart").output.count("█") > 8


WRONG = [
    (["sum(up) by (job) +"], 2, 'invalid parameter "query": 1:19: parse error: ', "  " + " " * 18 + "^"),
    (["sum(\n\tup) )"], 2, "2:6: parse error: ", "  \t    ^"),
    (["up", "--step", "x"], 2, 'cannot parse "x" to a valid duration', None),
    (["up", "--time", "soon"], 2, "'soon' is no time", None),
    (["up", "--time", "1", "--step", "1m"], 2, "--time is one moment", None),
    (["label_replace(up, 'a', 'b', 'c', '(')"], 1, "label_replace", None),
    (["up", "--output", "html"], 2, "is not one of", None),
]


@pytest.mark.parametrize(("words", "code", "said", "caret"), WRONG)
def test_what_is_wrong(query, words, code, said, caret) -> None:
    result = query(*words)
    assert said in result.output
    assert result.exit_code == code
    assert caret is None or result.output.splitlines()[-1] == caret


ADDRESSES = [
    ("http://127.0.0.1:1", 1, "no server answers at http://127.0.0.1:1 "),
    ("http://me:secret@127.0.0.1:1", 1, "no server answers at http://127.0.0.1:1 "),
    ("127.0.0.1:9640", 2, "write http://... or https://..."),
    ("ftp://x", 2, "write http://... or https://..."),
]


@pytest.mark.parametrize(("url", "code", "said"), ADDRESSES)
def test_addresses(url, code, said) -> None:
    result = CliRunner().invoke(hivesight, ["query", "up", "--url", url])
    assert (result.exit_code, said in result.output) == (code, True), result.output
    assert "secret" not in result.output


def test_an_address_that_is_no_prometheus(server) -> None:
    result = CliRunner().invoke(hivesight, ["query", "up", "--url", server.url + "/metrics"])
    assert result.exit_code == 1 and "answers 4" in result.output


def test_warnings_go_beside_the_answer(query) -> None:
    result = query("quantile(2, vector(1))", "--output", "json")
    assert (
        result.stderr.startswith("warning: PromQL warning: quantile value should be between 0 and 1")
        and json.loads(result.stdout)["resultType"] == "vector"
    )


SPARKS = [
    ([10, 11, 12, 13, 14, 15, 16, 17], 8, "▁▂▃▄▅▆▇█"),
    ([0, 8], 4, "▁▁██"),
    ([1, None, 1], 3, "▄ ▄"),
    ([3, math.nan, math.inf, 4], 4, "▁  █"),
    ([100, 101], 2, "▁█"),
    ([-5, 5], 2, "▁█"),
    ([0, 0, 4, 4, 8, 8], 3, "▁▅█"),
    ([-1.7e308, 1.7e308], 2, "▁█"),
    ([], 5, ""),
]


@pytest.mark.parametrize(("values", "width", "line"), SPARKS)
def test_sparklines(values, width, line) -> None:
    assert sparkline(values, width) == line


def test_areas_and_bars() -> None:
    assert area([0, 4, 8], 6, 2) == ["8 │ ▁█", "0 │▁██"]
    assert area([0, 4, None, 8], 11, 2) == ["8 │  ▁▁  ██", "0 │▁▁██  ██"]
    assert bar(10, 0, 10, 4) == "████" and bar(0, 0, 10, 4) == "▏"
    assert fitted([1.0, 3.0, None, None], 2) == [2.0, None]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (1234, "1.234k"), (5e6, "5M"), (math.inf, "+Inf"), (-0.5, "-0.5")]
)
def test_short_values(value, text) -> None:
    assert short(value) == text


def test_histograms_show_what_they_sum_up() -> None:
    histogram = {"count": "3", "sum": "7", "buckets": [[0, "1", "2", "3"]]}
    vector = {"resultType": "vector", "result": [{"metric": {"a": "b"}, "histogram": [1, histogram]}]}
    assert table(vector, 80) == ["A          VALUE", "b  count=3 sum=7"]
    matrix = {"resultType": "matrix", "result": [{"metric": {}, "histograms": [[1, histogram], [2, histogram]]}]}
    assert table(matrix, 80)[1] == "  1970-01-01 00:00:01  count=3 sum=7"
    assert chart(vector, 40)[0].split()[:2] == ['{a="b"}', "3"] and len(chart(matrix, 40)) == 12


def test_many_series_are_cut() -> None:
    result = [{"metric": {"a": str(each)}, "value": [0, str(each)]} for each in range(50)]
    assert chart({"resultType": "vector", "result": result}, 60)[-1] == "... and 10 more series"
