"""What the server says of itself, and federation, over a small store."""

from pathlib import Path

import numpy as np
import pytest

from hivesight import config as configuration
from hivesight.api.prometheus import Reloads, Server, federate, relabelling, status
from hivesight.config import Options
from hivesight.model.labels import Labels
from hivesight.model.series import STALE

NOW_MS = 1_700_000_000_000

PROMETHEUS = """
global: {external_labels: {hive: east, job: outer}}
scrape_configs:
- job_name: a
  basic_auth: {username: me, password: hunter1}
  proxy_url: http://me:hunter2@proxy:1
  params: {token: [hunter3], module: [http]}
  http_headers: {X-Key: {secrets: [hunter4], values: [shown]}}
  static_configs: [{targets: ['a:1'], labels: {password: no_secret}}]
- job_name: b  # hunter5
  authorization: {credentials: hunter6}
  http_sd_configs: [{url: 'http://hunter7@inventory', bearer_token: hunter8}]
  kubernetes_sd_configs: [{role: pod, api_server: 'https://k8s', basic_auth: {username: me, password: hunter16}}]
- job_name: c
  relabel_configs:
  - {source_labels: [__address__], target_label: zone, regex: '(.).*'}
  - {action: labeldrop, regex: extra}
  - {action: keep, source_labels: [zone], regex: b}
  - {target_label: late, replacement: x}
  bearer_token: hunter9
- job_name: d
  oauth2: {client_id: me, client_secret: hunter17, token_url: 'https://hunter18@issuer/'}
remote_write:
- url: 'https://x/?token=hunter10&a=b'
  headers: {A: hunter11}
  sigv4: {access_key: hunter12, service_account_key: hunter13}
- url: "https://x/"
  basic_auth: {username: me, password: hunter14}
  tls_config: {cert: shown, key: hunter15}
- url: "https://y/"
  basic_auth: {username: me, password_file: /shown.txt}
"""


class Bench:
    """A server's configuration in a folder, and its reloads."""

    def __init__(self, folder: Path) -> None:
        path = folder / "prometheus.yml"
        path.write_text(PROMETHEUS)
        self.config = configuration.load(Options(prometheus_config=path, data=folder / "data"))
        self.reloads = Reloads(True, NOW_MS)
        self.server = Server(
            "1.2.3", NOW_MS, "http://127.0.0.1:9640", self.config, lambda: self.config, lambda: self.reloads
        )


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def ask(bench, tsdb, workers, clock, asking):
    return asking(
        [
            *status.routes(bench.server, tsdb, workers, clock),
            *federate.routes(bench.server, tsdb, workers, clock),
            *relabelling.routes(bench.server),
        ]
    )


def test_the_configuration_has_no_secret(ask) -> None:
    text = ask("/api/v1/status/config").json()["data"]["yaml"]
    assert "hunter" not in text
    assert text.count("<secret>") == 14 and text.count("xxxxx@") == 3
    for shown in ("- job_name: a\n", "username: me", "X-Key", "- shown\n", "password: no_secret", "- http\n"):
        assert shown in text
    assert "http://me:xxxxx@proxy:1" in text and "url: http://xxxxx@inventory" in text
    assert "https://x/?token=<secret>&a=b" in text and "password_file: /shown.txt" in text
    assert "scrape_interval: 1m" in text and "metrics_path: /metrics" in text


def test_the_configuration_can_be_read_again(ask, bench, tmp_path) -> None:
    again = tmp_path / "again.yml"
    again.write_text(ask("/api/v1/status/config").json()["data"]["yaml"])
    read = configuration.load(Options(prometheus_config=again, data=tmp_path / "data")).prometheus
    for one, other in zip(read.scrape_configs, bench.config.prometheus.scrape_configs, strict=True):
        assert (one.job_name, one.static_configs, one.scrape_interval_ms) == (
            other.job_name,
            other.static_configs,
            other.scrape_interval_ms,
        )


def test_flags(ask, tmp_path) -> None:
    flags = ask("/api/v1/status/flags").json()["data"]
    assert flags["storage.tsdb.retention.time"] == "15d" and flags["query.lookback-delta"] == "5m"
    assert flags["storage.tsdb.path"] == str(tmp_path / "data" / "metrics")
    assert flags["web.enable-admin-api"] == "false" and all(isinstance(each, str) for each in flags.values())


def test_build_and_runtime(ask, bench) -> None:
    build = ask("/api/v1/status/buildinfo").json()["data"]
    assert build["version"].startswith("3.") and build["applicationVersion"] == "1.2.3"
    runtime = ask("/api/v1/status/runtimeinfo").json()["data"]
    assert runtime["startTime"] == runtime["lastConfigTime"] == "2023-11-14T22:13:20.000Z"
    assert runtime["reloadConfigSuccess"] is True and runtime["storageRetention"] == "15d"
    assert ask("/api/v1/notifications").json()["data"] == []
    bench.reloads = Reloads(False, NOW_MS, NOW_MS + 1000)
    assert ask("/api/v1/status/runtimeinfo").json()["data"]["reloadConfigSuccess"] is False
    (told,) = ask("/api/v1/notifications").json()["data"]
    assert told == {"text": "Configuration reload has failed.", "date": "2023-11-14T22:13:21.000Z", "active": True}


def test_the_cardinality_of_the_store(ask) -> None:
    data = ask("/api/v1/status/tsdb", params={"limit": 2}).json()["data"]
    assert data == {
        "headStats": {
            "numSeries": 4,
            "numLabelPairs": 8,
            "chunkCount": 0,
            "minTime": NOW_MS - 150_000,
            "maxTime": NOW_MS,
        },
        "seriesCountByMetricName": [{"name": "up", "value": 2}, {"name": "requests_total", "value": 1}],
        "labelValueCountByLabelName": [{"name": "__name__", "value": 3}, {"name": "instance", "value": 2}],
        "memoryInBytesByLabelName": [{"name": "__name__", "value": 27}, {"name": "job", "value": 3}],
        "seriesCountByLabelValuePair": [{"name": "__name__=up", "value": 2}, {"name": "job=a", "value": 2}],
    }


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5"])
def test_a_limit_of_no_figures(ask, limit) -> None:
    body = ask("/api/v1/status/tsdb", params={"limit": limit}).json()
    assert body["error"] == "limit must be a positive number"


def test_the_log_is_replayed_when_anybody_is_answered(ask) -> None:
    assert ask("/api/v1/status/walreplay").json()["data"] == {"min": 0, "max": 0, "current": 0}


def test_federation(ask) -> None:
    answer = ask("/federate", params={"match[]": ["up", 'requests_total{job="a"}', 'up{job="a"}']})
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
    assert answer.text == (
        "# TYPE requests_total untyped\n"
        f'requests_total{{job="a",hive="east",instance=""}} 100 {NOW_MS}\n'
        "# TYPE up untyped\n"
        f'up{{instance="1",job="a",hive="east"}} 1 {NOW_MS}\n'
        f'up{{instance="2",job="b",hive="east"}} 0 {NOW_MS}\n'
    )


def test_federation_of_names_outside_the_classic_alphabet(ask) -> None:
    selector = {"match[]": '{"my.metric"}'}
    inside = 'job="outer"} +Inf 1700000000000\n'
    assert ask("/federate", params=selector).text == (
        f'# TYPE my_metric untyped\nmy_metric{{label_with_dots="x",hive="east",instance="",{inside}'
    )
    answer = ask("/federate", params=selector, headers={"Accept": "text/plain;version=0.0.4;escaping=allow-utf-8"})
    assert answer.headers["content-type"].endswith("escaping=allow-utf-8")
    assert answer.text == (
        f'# TYPE "my.metric" untyped\n{{"my.metric","label.with.dots"="x",hive="east",instance="",{inside}'
    )


def test_federation_honours_lookback_and_staleness(ask, tsdb, clock) -> None:
    clock.ms += 300_000
    assert ask("/federate", params={"match[]": "up"}).text.count("\nup{") == 2
    group = tsdb.group("test")
    rows = group.register([Labels({"__name__": "up", "job": "a", "instance": "1"})])
    group.append(clock.ms, rows, np.array([STALE]))
    assert ask("/federate", params={"match[]": "up"}).text.count("\nup{") == 1
    clock.ms += 1
    assert ask("/federate", params={"match[]": "up"}).text == ""


def test_federation_of_nothing_and_of_faults(ask) -> None:
    assert (ask("/federate").status_code, ask("/federate").text) == (200, "")
    refused = ask("/federate", params={"match[]": "{job="})
    assert (refused.status_code, refused.text) == (400, "1:6: parse error: unexpected end of input inside braces\n")


def test_relabelling_step_by_step(ask) -> None:
    def steps(labels: str) -> list[tuple[dict[str, str], bool]]:
        found = ask("/api/v1/targets/relabel_steps", params={"scrapePool": "c", "labels": labels}).json()["data"]
        assert [each["rule"]["action"] for each in found["steps"]] == ["replace", "labeldrop", "keep", "replace"]
        return [(each["output"], each["keep"]) for each in found["steps"]]

    first = {"__address__": "a:1", "extra": "1", "zone": "a"}
    second = {"__address__": "a:1", "zone": "a"}
    assert steps('{"__address__": "a:1", "extra": "1"}') == [(first, True), (second, True), ({}, False), ({}, False)]
    assert steps('{"__address__": "b:1"}')[-1] == ({"__address__": "b:1", "zone": "b", "late": "x"}, True)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "no scrapePool parameter provided"),
        ({"scrapePool": "c"}, "no labels parameter provided"),
        ({"scrapePool": "c", "labels": "{"}, "error parsing labels: "),
        ({"scrapePool": "c", "labels": "[]"}, "error parsing labels: expected an object"),
        ({"scrapePool": "c", "labels": '{"a": 1}'}, "error parsing labels: expected an object"),
        ({"scrapePool": "x", "labels": "{}"}, 'error retrieving scrape config: scrape pool "x" not found'),
    ],
)
def test_relabelling_of_nothing(ask, parameters, words) -> None:
    answer = ask("/api/v1/targets/relabel_steps", params=parameters)
    assert answer.status_code == 400 and answer.json()["error"].startswith(words)
