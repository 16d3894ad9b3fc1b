"""`http_sd_configs`: targets from a real server."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import pytest
from prometheus_client import CollectorRegistry

from hivesight.http_client.config import Authorization
from hivesight.model.labels import NO_LABELS
from hivesight.model.secret import Secret
from hivesight.sources.http_sd import MAX_BODY_BYTES, HttpLook, parse_groups
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.refresh import DiscoveryFault, Looked, RefreshDiscovery
from hivesight.sources.sd_config import HttpSdConfig
from hivesight.sources.target import TargetGroup
from sources.recording import Answer, http_server, respond, settled

JSON = "application/json"
ONE = b'[{"targets": ["a:1", "b:2"], "labels": {"env": "x"}}]'


def look(answer: Answer, path: str = "/sd", **settings: object) -> tuple[Looked, str]:
    """What one look at a server finds, and its address."""

    async def main(url: str) -> Looked:
        with ThreadPoolExecutor(2) as executor:
            once = HttpLook(HttpSdConfig(url=url, **settings), executor)
            try:
                return await once()
            finally:
                await once.close()

    with http_server(answer) as address:
        url = f"http://{address}{path}"
        return asyncio.run(main(url)), url


def test_a_look_asks_as_prometheus_does() -> None:
    seen: list[dict[str, str]] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append({name.lower(): value for name, value in handler.headers.items()})
        respond(handler, ONE, JSON)

    authorization = Authorization(credentials=Secret("t"))
    looked, url = look(answer, "/sd?token=s", refresh_interval_ms=30_500, authorization=authorization)
    assert looked.faults == () and looked.groups is not None
    (group,) = looked.groups
    assert group.addresses == ("a:1", "b:2") and group.labels == {"env": "x", "__meta_url": url}
    (headers,) = seen
    assert headers["x-prometheus-refresh-interval-seconds"] == "30.5"
    assert headers["accept"] == JSON and headers["authorization"] == "Bearer t"
    assert headers["user-agent"].startswith("Hivesight/")


TYPES = [
    ("application/json", True),
    ("Application/JSON; charset=utf-8", True),
    ('application/json;charset="utf-8"', True),
    ("application/json; charset=latin-1", False),
    ("text/plain", False),
    (None, False),
]


@pytest.mark.parametrize(("content_type", "good"), TYPES)
def test_only_json_is_taken(content_type: str | None, good: bool) -> None:
    looked, _ = look(lambda handler: respond(handler, ONE, content_type))
    assert (looked.groups is not None) == good
    assert good or "unsupported content type" in looked.faults[0]


FAILURES: list[tuple[Answer, str]] = [
    (lambda handler: respond(handler, b"x", JSON, 503), "status 503 Service Unavailable"),
    (lambda handler: respond(handler, b"[", JSON), "no JSON"),
    (lambda handler: respond(handler, b"\x1f\x8b", JSON, Content_Encoding="gzip"), "was not asked for"),
    (lambda handler: respond(handler, b" " * (MAX_BODY_BYTES + 1), JSON), "larger than"),
]


@pytest.mark.parametrize(("answer", "message"), FAILURES)
def test_failures_have_a_reason_and_no_secret(answer: Answer, message: str) -> None:
    looked, _ = look(answer, "/sd?token=hush")
    assert looked.groups is None and message in looked.faults[0] and "hush" not in looked.faults[0]


def test_a_server_that_is_not_there() -> None:
    async def main() -> Looked:
        with ThreadPoolExecutor(1) as executor:
            return await HttpLook(HttpSdConfig(url="http://u:hush@127.0.0.1:1/sd"), executor)()

    looked = asyncio.run(main())
    assert looked.faults == ("http://127.0.0.1:1/sd: connection refused",)


def test_the_labels_do_not_tell_the_password() -> None:
    async def main(address: str) -> Looked:
        with ThreadPoolExecutor(1) as executor:
            once = HttpLook(HttpSdConfig(url=f"http://u:hush@{address}/sd?a=b"), executor)
            try:
                return await once()
            finally:
                await once.close()

    with http_server(lambda handler: respond(handler, ONE, JSON)) as address:
        looked = asyncio.run(main(address))
    assert looked.groups is not None
    (group,) = looked.groups
    assert group.labels["__meta_url"] == f"http://{address}/sd?a=b" and group.source == f"http://{address}/sd, group 1"


def test_an_answer_that_takes_too_long() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", JSON)
        handler.send_header("Content-Length", "10")
        handler.end_headers()
        handler.wfile.flush()
        handler.rfile.read(1)

    looked, _ = look(answer, refresh_interval_ms=50)
    assert "no answer within refresh_interval" in looked.faults[0]


GROUPS: list[tuple[object, list[tuple[Sequence[str], dict[str, str]]]]] = [
    ([], []),
    (None, []),
    ([{"targets": []}], [((), {})]),
    ([{"targets": None, "labels": None}], [((), {})]),
    ([{}], [((), {})]),
    ([{"targets": ["a"], "labels": {"ä": "b", "c": ""}}, {"targets": ["b"]}], [(("a",), {"ä": "b"}), (("b",), {})]),
]


@pytest.mark.parametrize(("document", "groups"), GROUPS)
def test_documents_that_are_read(document: object, groups: list[tuple[Sequence[str], dict[str, str]]]) -> None:
    found = parse_groups(json.dumps(document).encode(), "http://x")
    assert [(each.addresses, each.labels) for each in found] == [
        (addresses, {**labels, "__meta_url": "http://x"}) for addresses, labels in groups
    ]


BAD = [
    ({}, "must be a list of target groups"),
    ([None], "target group 1 must be a mapping"),
    ([{}, {"target": []}], "target group 2 has the unknown key 'target'"),
    ([{"targets": "a"}], "must be a list of texts"),
    ([{"targets": [1]}], "must be a list of texts"),
    ([{"labels": []}], "must be a mapping of names to texts"),
    ([{"labels": {"a": 1}}], "must be a mapping of names to texts"),
    ([{"labels": {"": "a"}}], "must be a mapping of names to texts"),
]


@pytest.mark.parametrize(("document", "message"), BAD)
def test_documents_that_are_refused(document: object, message: str) -> None:
    with pytest.raises(DiscoveryFault, match=message):
        parse_groups(json.dumps(document).encode(), "http://x")


class Scripted:
    """A Look that gives what the script says."""

    def __init__(self, script: Iterator[Looked]) -> None:
        self.script = script
        self.closed = False

    async def __call__(self) -> Looked:
        return next(self.script)

    async def close(self) -> None:
        self.closed = True


def test_the_last_good_targets_stay() -> None:
    a, b = (TargetGroup((each,), NO_LABELS, "x") for each in "ab")
    script = [Looked(None, ("down",)), Looked((a,)), Looked((a,)), Looked(None, ("down",)), Looked((b,))]
    registry = CollectorRegistry()
    seen: list[tuple[bool, int, list[str]]] = []

    async def main() -> None:
        turn = asyncio.Event()

        async def sleep(seconds: float) -> None:
            assert seconds == 60
            seen.append((discovery.synced, discovery.revision, [each.addresses[0] for each in discovery.groups()]))
            if len(seen) == len(script):
                await turn.wait()

        scripted = Scripted(iter(script))
        discovery = RefreshDiscovery(scripted, 60_000, "http", metrics=ScrapeMetrics(registry), sleep=sleep)
        task = asyncio.create_task(discovery.run())
        await settled()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await discovery.close()
        assert scripted.closed

    asyncio.run(main())
    assert seen == [(False, 0, []), (True, 1, ["a"]), (True, 1, ["a"]), (True, 1, ["a"]), (True, 2, ["b"])]
    assert registry.get_sample_value("hivesight_sd_refreshes_total", {"mechanism": "http"}) == 5
    assert registry.get_sample_value("hivesight_sd_refresh_failures_total", {"mechanism": "http"}) == 2
