"""The same questions to this server and to Debian's Prometheus (2.42, package `prometheus`), and promtool as a client.

Both scrape the same target, so that what is asked for is the same but for times and what each says of itself."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from e2e.running import Counting, Server, eventually, serving

needs_prometheus = pytest.mark.skipif(shutil.which("prometheus") is None, reason="needs Debian's package prometheus")
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool of the package prometheus")

CONFIGURATION = """
global: {{scrape_interval: 1s, evaluation_interval: 1s, external_labels: {{hive: east}}}}
rule_files: [rules.yml]
scrape_configs:
- job_name: counting
  static_configs: [{{targets: ['{address}'], labels: {{zone: a}}}}]
- job_name: dropped
  static_configs: [{{targets: ['{address}']}}]
  relabel_configs: [{{action: drop, source_labels: [job], regex: dropped}}]
"""
RULES = """
groups:
- name: one
  rules:
  - {record: "up:sum", expr: sum(up)}
  - {alert: Up, expr: 'up{job="counting"} == 1', labels: {severity: page}, annotations: {summary: it is up}}
- name: two
  interval: 5s
  limit: 3
  rules: [{alert: Down, expr: up == 0, for: 1m}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Iterator[Path]:
    target = Counting()
    path = tmp_path_factory.mktemp("both")
    (path / "prometheus.yml").write_text(CONFIGURATION.format(address=target.address))
    (path / "rules.yml").write_text(RULES)
    yield path
    target.close()


@pytest.fixture(scope="module")
def server(folder) -> Iterator[Server]:
    (folder / "hivesight.yml").write_text("host: {enabled: false}\n")
    files = ("--config", str(folder / "hivesight.yml"), "--prometheus-config", str(folder / "prometheus.yml"))
    with serving(folder / "ours", *files) as running:
        eventually(lambda: running.query('up:sum{} and on () ALERTS{alertname="Up"}'), 20, "a rule's series")
        yield running


@pytest.fixture(scope="module")
def prometheus(folder) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'theirs'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://{address}"

    def ready() -> Any:
        answer = httpx2.get(f"{url}/api/v1/query", params={"query": 'up:sum{} and on () ALERTS{alertname="Up"}'})
        return answer.status_code == 200 and answer.json()["data"]["result"]

    try:
        eventually(ready, 30, "a Prometheus that has scraped")
        yield url
    finally:
        process.terminate()
        process.wait(10)


METRIC = "a_name_that_is_long_enough_for_lines_to_be_broken"
LONG = [
    f"sum by(job,instance)({METRIC}) + on(job) group_left(zone) sum without(a)({METRIC}) > bool 1",
    f"topk(5,rate({METRIC}{{job='a'}}[5m]offset 1h)/ignoring(a){METRIC}{{a!~'x'}})",
    f"histogram_quantile(0.9,sum by(le)(rate({METRIC}[5m])))*-({METRIC}@end()-{METRIC})",
    f"max_over_time(({METRIC}-{METRIC}-{METRIC})[1h:5m]offset 5m)",
    f"{METRIC}{{a='{METRIC}',b='{METRIC}'}}",
    f"label_replace({METRIC},'{METRIC}','$1','b','(.*)')",
    f"count_values('{METRIC}',{METRIC}{{c='d'}}) or absent({METRIC})",
]
COUNTING = '{job="counting"}'
SAME: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "query", {"query": "1", "time": "1.5"}),
    ("GET", "query", {"query": "sum("}),
    ("POST", "query", {"query": "up", "time": "abc"}),
    ("GET", "query", {"query": "up", "timeout": "abc"}),
    ("GET", "query", {"query": ""}),
    ("GET", "query_range", {"query": "1", "start": 0, "end": 20, "step": 10}),
    ("POST", "query_range", {"query": "1", "start": 2, "end": 1, "step": 10}),
    ("GET", "query_range", {"query": "1", "start": "x", "end": 1, "step": 10}),
    ("GET", "query_range", {"query": "1", "start": 0, "end": 1, "step": "x"}),
    ("GET", "query_range", {"query": "1", "start": 0, "end": 1}),
    ("GET", "query_range", {"query": "1", "start": 0, "end": 99999, "step": 1}),
    ("GET", "query_exemplars", {"query": "up"}),
    ("GET", "query_exemplars", {"query": "1"}),
    ("GET", "query_exemplars", {"query": "up", "start": 2, "end": 1}),
    ("GET", "series", {}),
    ("GET", "series", {"match[]": COUNTING}),
    ("POST", "series", {"match[]": [COUNTING, "up:sum"]}),
    ("GET", "series", {"match[]": "{}"}),
    ("GET", "series", {"match[]": '{job=~".*"}'}),
    ("GET", "series", {"match[]": "up offset 5m"}),
    ("GET", "series", {"match[]": "rate(up[5m])"}),
    ("GET", "series", {"match[]": COUNTING, "start": 2, "end": 1}),
    ("GET", "series", {"match[]": COUNTING, "start": "x"}),
    ("GET", "series", {"match[]": COUNTING, "start": 0, "end": 1}),
    ("GET", "series", {"match[]": COUNTING, "start": "2020-01-01T00:00:00Z", "end": "2099-01-01T00:00:00+01:00"}),
    ("GET", "labels", {"match[]": COUNTING}),
    ("POST", "labels", {"match[]": COUNTING}),
    ("GET", "labels", {"match[]": "{}"}),
    ("GET", "labels", {"start": 0, "end": 1}),
    ("GET", "labels", {"end": "x"}),
    ("GET", "label/zone/values", {}),
    ("GET", "label/zone/values", {"match[]": "up:sum"}),
    ("GET", "label/__name__/values", {"match[]": COUNTING}),
    ("GET", "label/nothing/values", {}),
    ("GET", "label/zone/values", {"match[]": "{"}),
    ("GET", "metadata", {"metric": "nothing"}),
    ("GET", "metadata", {"limit": "x"}),
    ("GET", "metadata", {"limit": "0"}),
    ("GET", "targets/metadata", {"match_target": COUNTING}),
    ("GET", "targets/metadata", {"match_target": COUNTING, "metric": "scrapes"}),
    ("GET", "targets/metadata", {"match_target": COUNTING, "limit": 0}),
    ("GET", "targets/metadata", {"limit": "x"}),
    ("GET", "targets/metadata", {"match_target": "{"}),
    ("GET", "targets", {"state": "dropped"}),
    ("GET", "alertmanagers", {}),
    ("GET", "rules", {}),
    ("GET", "rules", {"type": "alert"}),
    ("GET", "rules", {"type": "record"}),
    ("GET", "rules", {"type": "x"}),
    ("GET", "alerts", {}),
    ("GET", "format_query", {"query": "sum  by(a)(b)"}),
    ("GET", "format_query", {"query": "("}),
    *(("POST", "format_query", {"query": each}) for each in LONG),
    ("GET", "status/walreplay", {}),
    ("PUT", "query", {}),
    ("POST", "alerts", {}),
    ("HEAD", "labels", {}),
    ("OPTIONS", "query", {}),
]
# What differs by nature: times, what a process measures itself, and keys that Prometheus got after 2.42.
_APART = frozenset(
    ("lastEvaluation", "evaluationTime", "activeAt", "droppedTargetCounts", "scrapePool", "keepFiringFor", "file")
)


def _told(answer: httpx2.Response) -> Any:
    if "json" not in answer.headers.get("content-type", ""):
        return answer.text
    return _plain(answer.json())


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        # 2.42 leaves labels out where a recording rule has none, and keeps groups of which no rule is wanted.
        return {key: _plain(each) for key, each in value.items() if key not in _APART and (key, each) != ("labels", {})}
    if isinstance(value, list):
        kept = [_plain(each) for each in value if not (isinstance(each, dict) and each.get("rules") == [])]
        return sorted(kept, key=lambda each: json.dumps(each, sort_keys=True))
    return value


@needs_prometheus
@pytest.mark.parametrize(("method", "path", "parameters"), SAME)
def test_both_answer_the_same(server, prometheus, method, path, parameters) -> None:
    def ask(url: str) -> httpx2.Response:
        place = "data" if method == "POST" else "params"
        return httpx2.request(method, f"{url}/api/v1/{path}", **{place: parameters})

    ours, theirs = ask(server.url), ask(prometheus)
    assert (ours.status_code, ours.headers.get("allow")) == (theirs.status_code, theirs.headers.get("allow"))
    assert _told(ours) == _told(theirs)


@needs_prometheus
def test_both_federate_the_same(server, prometheus) -> None:
    def ask(url: str) -> list[str]:
        selectors = ["up:sum", 'up{job="counting"}', '{job="nothing"}']
        text = httpx2.get(f"{url}/federate", params={"match[]": selectors}).text
        return [line if line.startswith("#") else line.rpartition(" ")[0] for line in text.splitlines()]

    theirs = ask(prometheus)
    # This server watches itself, too.
    ours = [line.replace(" 2", " 1") if line.startswith("up:sum") else line for line in ask(server.url)]
    assert ours == theirs


@needs_promtool
class TestPromtool:
    def run(self, *words: str) -> str:
        done = subprocess.run(["promtool", "query", *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_instant(self, server) -> None:
        assert 'zone="a"} => 1 @[' in self.run("instant", server.url, COUNTING.replace("{", "up{"))

    def test_range(self, server) -> None:
        now = time.time()
        words = (f"--start={now - 10:.0f}", f"--end={now:.0f}", "--step=1s")
        assert "1 @[" in self.run("range", *words, server.url, 'up{job="counting"}')

    def test_series_and_labels(self, server) -> None:
        assert '__name__="up"' in self.run("series", "--match=up", server.url)
        assert self.run("labels", server.url, "zone").split() == ["a"]

    def test_a_fault(self, server) -> None:
        done = subprocess.run(["promtool", "query", "instant", server.url, "sum("], capture_output=True, text=True)
        assert done.returncode == 1 and "1:5: parse error: unclosed left parenthesis" in done.stderr


def test_a_reload_that_fails_is_told(folder, server) -> None:
    def told() -> tuple[bool, list[str]]:
        runtime = server.get("/api/v1/status/runtimeinfo")["data"]
        return runtime["reloadConfigSuccess"], [each["text"] for each in server.get("/api/v1/notifications")["data"]]

    file = folder / "prometheus.yml"
    good = file.read_text()
    began = server.get("/api/v1/status/runtimeinfo")["data"]["lastConfigTime"]
    try:
        file.write_text("scrape_configs: 1")
        assert httpx2.post(server.url + "/-/reload").status_code == 500
        assert told() == (False, ["Configuration reload has failed."])
        assert server.get("/api/v1/status/runtimeinfo")["data"]["lastConfigTime"] == began
    finally:
        file.write_text(good)
    assert httpx2.post(server.url + "/-/reload").status_code == 200
    assert told() == (True, [])


def test_what_is_not_offered(server) -> None:
    for method in ("GET", "POST", "PUT"):
        assert httpx2.request(method, server.url + "/-/quit").status_code in (404, 405)
    assert server.process.poll() is None


def test_pages_of_rules(server) -> None:
    def page(**params: Any) -> Any:
        return server.get("/api/v1/rules", group_limit=1, **params)["data"]

    first = page()
    assert [each["name"] for each in first["groups"]] == ["one"]
    second = page(group_next_token=first["groupNextToken"])
    assert [each["name"] for each in second["groups"]] == ["two"] and "groupNextToken" not in second
    (group,) = page(**{"match[]": '{severity="page"}', "exclude_alerts": "true"})["groups"]
    assert [(each["name"], each["alerts"]) for each in group["rules"]] == [("Up", None)]
    (group,) = page(**{"file[]": group["file"], "rule_name[]": "Down"})["groups"]
    assert group["rules"][0]["alerts"] == []


PAGES = [
    ({"group_next_token": "x"}, "group_limit needs to be present in order to paginate over the groups"),
    ({"group_limit": "0"}, 'invalid parameter "group_limit": group_limit needs to be greater than 0'),
    (
        {"group_limit": "x"},
        'invalid parameter "group_limit": group_limit needs to be a valid number: strconv.ParseInt: parsing "x": '
        "invalid syntax",
    ),
    (
        {"group_limit": "1", "group_next_token": "x"},
        "invalid parameter \"group_next_token\": invalid group_next_token 'x'. were rule groups changed?",
    ),
    (
        {"exclude_alerts": "x"},
        'invalid parameter "exclude_alerts": error converting exclude_alerts: strconv.ParseBool: parsing "x": '
        "invalid syntax",
    ),
    ({"match[]": "{}"}, "match[] must contain at least one non-empty matcher"),
]


@pytest.mark.parametrize(("params", "words"), PAGES)
def test_wrong_pages_of_rules(server, params, words) -> None:
    answer = httpx2.get(server.url + "/api/v1/rules", params=params)
    assert answer.status_code == 400 and answer.json()["error"].endswith(words)


def test_metadata_of_targets(server) -> None:
    entry = {"type": "counter", "help": "", "unit": ""}
    assert server.get("/api/v1/metadata", metric="scrapes")["data"] == {"scrapes": [entry]}
    assert server.get("/api/v1/metadata", limit=0)["data"] == {}
    assert len(server.get("/api/v1/metadata", limit=3, limit_per_metric=1)["data"]) == 3
    (found,) = server.get("/api/v1/targets/metadata", match_target=COUNTING)["data"]
    assert found["metric"] == "scrapes" and found["target"]["zone"] == "a"
    assert "counting" in server.get("/api/v1/scrape_pools")["data"]["scrapePools"]
