"""Bad input gets a clear error and harms nothing."""

import contextlib
import http.server
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from e2e.running import HttpServer, Server, eventually, respond, serving

PAGES = {
    "good": b"# TYPE good counter\ngood_total 1\n",
    "html": b"<html><body>Welcome</body></html>",
    "half": b'# TYPE x counter\nx_total{a="b',
}


def answer(request: http.server.BaseHTTPRequestHandler) -> None:
    """A page for each way of going wrong."""
    kind = request.path.strip("/")
    if kind != "endless":
        content_type = "text/html" if kind == "html" else "text/plain; version=0.0.4"
        return respond(request, PAGES[kind], content_type=content_type)
    request.send_response(200)
    request.send_header("Content-Type", "text/plain; version=0.0.4")
    request.end_headers()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(1600):
            request.wfile.write(b"# " + b"x" * 65534)
    return None


@pytest.fixture
def targets() -> Iterator[HttpServer]:
    found = HttpServer(answer)
    yield found
    found.close()


def prometheus_yml(targets: HttpServer, *kinds: str) -> str:
    jobs = "".join(
        f"""
  - job_name: {kind}
    metrics_path: /{kind}
    static_configs: [{{targets: ['{targets.address}']}}]"""
        for kind in kinds
    )
    return f"global: {{scrape_interval: 1s, body_size_limit: 8MB}}\nscrape_configs:{jobs}\n"


def test_a_bad_target_is_down_with_the_reason_and_the_others_go_on(tmp_path: Path, targets: HttpServer) -> None:
    file = tmp_path / "prometheus.yml"
    file.write_text(prometheus_yml(targets, "good", "html", "half", "endless"))
    with serving(tmp_path / "server", "--prometheus-config", str(file)) as server:

        def all_scraped() -> dict[str, dict[str, str]]:
            found = {each["scrapePool"]: each for each in server.get("/api/v1/targets")["data"]["activeTargets"]}
            kinds = ("good", "html", "half", "endless")
            return found if all(found.get(kind, {}).get("health", "unknown") != "unknown" for kind in kinds) else {}

        found = eventually(all_scraped, 20, "all targets were scraped")
        assert (found["good"]["health"], found["good"]["lastError"]) == ("up", "")
        for kind, reason in (("html", "HTML"), ("half", "line 2"), ("endless", "body_size_limit")):
            assert found[kind]["health"] == "down" and reason in found[kind]["lastError"]
            assert server.value(f'up{{job="{kind}"}}') == 0
        assert server.value("good_total") == 1 and server.value('up{job="good"}') == 1


CASES = [
    ("prometheus.yml", "scrape_configs:\n  - job_nme: x\n", ":2:5:", "did you mean 'job_name'?", "    ^^^^^^^"),
    ("prometheus.yml", "global: {scrape_interval: 15 s}\n", ":1:27:", "not a valid duration", "^^^^"),
    ("prometheus.yml", "global:\n\t- x\n", ":2:", "", "^"),
    ("rules.yml", "groups:\n- name: g\n  rules:\n  - record: a\n    expr: sum(rate(x[5m])\n", ":5:", "unclosed", "^"),
    ("rules.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    fro: 5m\n", ":6:5:", "'for'", "^^^"),
    ("alertmanager.yml", "route: {receiver: x}\nreceivers: []\n", ":1:", "undefined receiver", "^"),
    (
        "alertmanager.yml",
        "route: {receiver: x}\nreceivers:\n- name: x\n  slack_configs:\n  - api_url: YOUR_SLACK_WEBHOOK_URL\n",
        ":5:14:",
        "unsupported scheme",
        "^^^^",
    ),
    ("hivesight.yml", "storage: {retntion: 1d}\n", ":1:11:", "did you mean 'retention'?", "^^^^^^^^"),
]


def arguments(directory: Path, name: str, text: str) -> tuple[str, ...]:
    """The flags under which the server reads `text` as the file `name`; the others are fine."""
    directory.mkdir(exist_ok=True)
    (directory / "prometheus.yml").write_text("rule_files: [rules.yml]\n")
    (directory / "rules.yml").write_text("groups: []\n")
    (directory / "alertmanager.yml").write_text("route: {receiver: x}\nreceivers: [{name: x}]\n")
    (directory / "hivesight.yml").write_text("{}\n")
    (directory / name).write_text(text)
    flags = {
        "config": "hivesight.yml",
        "prometheus-config": "prometheus.yml",
        "alertmanager-config": "alertmanager.yml",
    }
    return tuple(part for flag, file in flags.items() for part in (f"--{flag}", str(directory / file)))


@pytest.mark.parametrize(("name", "text", "place", "message", "caret"), CASES)
def test_a_faulty_file_is_shown_before_the_start(
    tmp_path: Path, name: str, text: str, place: str, message: str, caret: str
) -> None:
    server = Server(tmp_path / "server", *arguments(tmp_path / "files", name, text))
    assert server.process.wait(20) == 2
    said = server.output()
    assert f"{name}{place}" in said and message in said and caret in said
    assert "Traceback" not in said


def test_a_faulty_reload_leaves_what_runs(tmp_path: Path, targets: HttpServer) -> None:
    flags = arguments(tmp_path / "files", "prometheus.yml", prometheus_yml(targets, "good"))
    file = tmp_path / "files" / "prometheus.yml"
    with serving(tmp_path / "server", *flags) as server:
        eventually(lambda: server.value('up{job="good"}') == 1, 15, "scraped")
        for name, text, place, message, _ in CASES:
            path = tmp_path / "files" / name
            before = path.read_text()
            # Rules are read from the file that the good prometheus.yml names.
            file.write_text(f"rule_files: [rules.yml]\n{file.read_text()}" if name == "rules.yml" else file.read_text())
            path.write_text(text)
            answer = httpx2.post(server.url + "/-/reload")
            assert answer.status_code == 500
            assert f"{name}{place}" in answer.text and message in answer.text
            path.write_text(before)
            file.write_text(file.read_text().replace("rule_files: [rules.yml]\n", ""))
        names = {each["scrapePool"] for each in server.get("/api/v1/targets")["data"]["activeTargets"]}
        assert "good" in names
        file.write_text(prometheus_yml(targets, "good", "html"))
        assert httpx2.post(server.url + "/-/reload").status_code == 200
        eventually(lambda: server.value('up{job="html"}') == 0, 15, "the new target is scraped")


def test_a_busy_port_names_the_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(tmp_path / "server", port=taken.getsockname()[1])
        assert server.process.wait(20) == 1
    assert "--listen" in server.output() and "in use" in server.output() and "Traceback" not in server.output()


def test_two_servers_on_one_data_directory(tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        second = Server(tmp_path / "server")
        assert second.process.wait(20) == 1
        assert str(server.process.pid) in second.output() and "Traceback" not in second.output()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_order(tmp_path: Path, sign: int) -> None:
    with serving(tmp_path / "server") as server:
        eventually(lambda: server.value('up{job="node-exporter"}') == 1, 15, "this host is watched")
        eventually(lambda: server.value('up{job="hivesight"}') == 1, 15, "the server watches itself")
        with httpx2.stream("GET", server.url + "/api/v1/query", params={"query": "up"}):
            began = time.monotonic()
            assert server.stop(sign) == 0
        assert time.monotonic() - began < 3
        assert "Traceback" not in server.output()


JSON = {"Content-Type": "application/json"}
REQUESTS = [
    ("/api/v1/query", {"query": "sum(" * 50_000}, 400),
    ("/api/v1/query", {"query": "up{"}, 400),
    ("/api/v1/query", {"query": "up", "time": "yesterday"}, 400),
    ("/api/v1/query_range", {"query": "up", "start": "0", "end": "1e9", "step": "1"}, 400),
    ("/api/v1/query_range", {"query": "up", "start": "1", "end": "0", "step": "1"}, 400),
    ("/api/v1/query_range", {"query": "up", "start": "0", "end": "1", "step": "0"}, 400),
    ("/api/v1/query_range", {"query": "up", "start": "NaN", "end": "1", "step": "1"}, 400),
    ("/api/v1/series", {}, 400),
    ("/api/v1/series", {"match[]": "sum(up)"}, 400),
    ("/api/v1/labels", {"limit": "-1"}, 400),
    ("/api/v1/rules", {"type": "other"}, 400),
    ("/api/v2/alerts", {"filter": "a=~("}, 400),
    ("/api/v2/silence/none", {}, 422),
    ("/api/v2/silence/00000000-0000-0000-0000-000000000000", {}, 404),
    ("/api/v1/nothing", {}, 404),
]


def test_bad_requests(tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        for path, parameters, status in REQUESTS:
            answer = httpx2.post(server.url + path, data=parameters) if "query" in parameters else None
            answer = answer or httpx2.get(server.url + path, params=parameters)
            assert answer.status_code == status, (path, answer.status_code, answer.text[:200])
        posted = [("[]", 200), ("{", 400), ('[{"labels":{}}]', 400), ('[{"labels":{"a":1}}]', 400), ('{"a":1}', 400)]
        for body, status in posted:
            assert httpx2.post(server.url + "/api/v2/alerts", content=body, headers=JSON).status_code == status, body
        assert httpx2.post(server.url + "/api/v2/alerts", content=b"[" * (17 << 20), headers=JSON).status_code == 413
        assert server.value("vector(1)") == 1
        assert "Traceback" not in server.output()
