"""The serving of the web bundle: which address gets what, with which headers."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from hivesight.ui.app import BUNDLE, ui_routes

PAGE = "<!doctype html><title>Hivesight</title>" + "<p>text</p>" * 50
SCRIPT = "console.log('hive');" * 100


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "theme.js").write_text("1;")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-abc123.js").write_text(SCRIPT)
    (folder / ".source").write_text("stamp")
    (tmp_path / "secret.txt").write_text("kept apart")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


def client_of(folder: Path) -> TestClient:
    async def query(request: Request) -> Response:
        return JSONResponse({"status": "success"})

    api = Route("/api/v1/query", query, methods=["GET", "POST"])
    return TestClient(Starlette(routes=[api, *ui_routes(folder)]), base_url="http://hive")


@pytest.fixture
def client(bundle: Path) -> Iterator[TestClient]:
    with client_of(bundle) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status", "kind", "cache"),
    [
        ("/", 200, "text/html; charset=utf-8", "no-cache"),
        ("/index.html", 200, "text/html; charset=utf-8", "no-cache"),
        ("/theme.js", 200, "text/javascript; charset=utf-8", "no-cache"),
        ("/favicon.svg", 200, "image/svg+xml", "no-cache"),
        (
            "/assets/index-abc123.js",
            200,
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        ("/alerts?state=firing", 200, "text/html; charset=utf-8", "no-cache"),
        ("/d/some/deep/address", 200, "text/html; charset=utf-8", "no-cache"),
        ("/apiary", 200, "text/html; charset=utf-8", "no-cache"),
        ("/api/v1/nothing", 404, "text/plain; charset=utf-8", None),
        ("/api", 404, "text/plain; charset=utf-8", None),
        ("/hive/api/v1/nothing", 404, "text/plain; charset=utf-8", None),
        ("/v1/traces", 404, "text/plain; charset=utf-8", None),
        ("/-/nothing", 404, "text/plain; charset=utf-8", None),
        ("/metrics", 404, "text/plain; charset=utf-8", None),
        ("/metrics/x", 404, "text/plain; charset=utf-8", None),
        ("/assets/index-old.js", 404, "text/plain; charset=utf-8", None),
        ("/user/runbooks/AgentHiveDown.html", 200, "text/html; charset=utf-8", "no-cache"),
        ("/user/runbooks/index.html", 200, "text/html; charset=utf-8", "no-cache"),
        ("/user/runbooks/NoSuchAlert.html", 404, "text/plain; charset=utf-8", None),
        ("/user/runbooks/", 404, "text/plain; charset=utf-8", None),
        ("/user", 404, "text/plain; charset=utf-8", None),
    ],
)
def test_addresses(client: TestClient, path: str, status: int, kind: str, cache: str | None) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, kind)
    assert answer.headers.get("cache-control") == cache
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "referrer-policy" in answer.headers


def test_apis_stay_what_they_are(client: TestClient) -> None:
    assert client.get("/api/v1/query").json() == {"status": "success"}
    assert client.post("/alerts").status_code == 405
    head = client.head("/")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "//secret.txt",
        "/%00",
        "/link.txt",
        "/.source",
        "/assets/./index-abc123.js/../../../secret.txt",
        "/user/runbooks/../../secret.txt",
        "/user/runbooks/%2e%2e%2f%2e%2e%2f%2e%2e%2fprometheus.yml",
    ],
)
def test_nothing_outside_the_bundle_is_served(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert "kept apart" not in answer.text
    assert "stamp" not in answer.text
    assert answer.text == PAGE or answer.status_code in {400, 404}


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip, deflate", True),
        ("br;q=1.0, gzip;q=0.8", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
    ],
)
def test_compression(client: TestClient, accepted: str, packed: bool) -> None:
    with client.stream("GET", "/assets/index-abc123.js", headers={"accept-encoding": accepted}) as answer:
        raw = b"".join(answer.iter_raw())
    assert (answer.headers.get("content-encoding") == "gzip") is packed
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(raw)
    assert (gzip.decompress(raw) if packed else raw).decode() == SCRIPT


def test_what_does_not_get_smaller_is_sent_as_it_is(client: TestClient) -> None:
    assert "content-encoding" not in client.get("/theme.js", headers={"accept-encoding": "gzip"}).headers


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_a_known_page_is_not_sent_again(client: TestClient, accepted: str) -> None:
    first = client.get("/", headers={"accept-encoding": accepted})
    again = client.get("/", headers={"accept-encoding": accepted, "if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    changed = client.get("/", headers={"if-none-match": '"other", W/"another"'})
    assert changed.status_code == 200


def test_a_missing_bundle_says_how_to_build_it(tmp_path: Path) -> None:
    with client_of(tmp_path / "nothing") as client:
        page = client.get("/alerts")
        assert page.status_code == 503
        assert "npm run build" in page.text
        assert client.get("/api/v1/query").status_code == 200
        assert client.get("/api/v1/other").status_code == 404


def test_the_committed_bundle_obeys_its_own_policy() -> None:
    page = (BUNDLE / "index.html").read_text()
    assert '<script type="module" crossorigin src="/assets/' in page
    scripts = page.split("<script")[1:]
    assert all(script.split(">", 1)[1].startswith("</script>") for script in scripts)
    assert " on" not in page.split("<body>")[1].replace("JavaScript", "").split("<noscript>")[0]
    assert (BUNDLE / ".source").read_text().strip()
