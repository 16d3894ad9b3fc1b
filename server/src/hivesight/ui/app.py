"""Serves the web bundle that is built from `web/`: assets, the page itself for every address of the application, and
a page that says how to build when there is no bundle. `app.py` appends `ui_routes()` after every API route.

Beside it, under `/user/`, stand the pack's own pages: the runbooks that its alerts name.

All is read once into a table of path -> bytes, so that an address never becomes a path of the file system.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from hivesight import pack

BUNDLE = Path(__file__).parent / "static"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
SECURITY_HEADERS: Mapping[str, str] = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}

# First path segments that belong to machines: an unknown address there is a 404, never the page.
RESERVED = frozenset({"api", "hive", "v1", "-", "metrics", "assets", "jaeger", "_bulk", "user"})

_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
}
_COMPRESSIBLE = frozenset({".html", ".js", ".css", ".svg", ".json", ".txt"})
_FOREVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"

_NO_BUNDLE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Hivesight</title>
<body><h1>The web interface is not built</h1>
<p>This installation has no bundle under <code>hivesight/ui/static</code>. In a clone of the repository,
run <code>cd web &amp;&amp; npm ci --ignore-scripts &amp;&amp; npm run build</code> (Node 20.19 or later)
and start the server again.</p>
<p>Everything else works without it: the HTTP API under <code>/api/v1</code> and <code>/api/v2</code>, and the
command line.</p></body></html>
"""


@dataclass(frozen=True)
class Asset:
    """One file of the bundle: `content` as built, `suffix` with its dot, `cache_control` as sent."""

    content: bytes
    suffix: str
    cache_control: str

    @cached_property
    def etag(self) -> str:
        """A strong validator of the uncompressed bytes."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'

    @cached_property
    def gzipped(self) -> bytes | None:
        """The content as gzip, made on first use; None where that does not make it smaller."""
        if self.suffix not in _COMPRESSIBLE:
            return None
        packed = gzip.compress(self.content, compresslevel=9, mtime=0)
        return packed if len(packed) < len(self.content) else None


def read_bundle(folder: Path) -> dict[str, Asset]:
    """Every file under `folder` by its path in a URL, without a leading slash; empty when there is no folder.

    Names that begin with a dot, such as the stamp of the sources, are not part of what is served.
    """
    table: dict[str, Asset] = {}
    if not folder.is_dir():
        return table
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not path.is_file() or path.is_symlink() or any(part.startswith(".") for part in relative.parts):
            continue
        # The build puts a hash of the content into the names under assets/, and only there.
        cache_control = _FOREVER if relative.parts[0] == "assets" else _ASK_EACH_TIME
        table[relative.as_posix()] = Asset(path.read_bytes(), path.suffix.lower(), cache_control)
    return table


def ui_routes(folder: Path = BUNDLE, user: Path = pack.USER) -> list[BaseRoute]:
    """The routes of the web interface, to stand after all others: they answer GET of every address.

    `folder` holds the bundle, `user` what Prometheus would serve with `--web.user-assets`, at the same addresses. They
    are read here, once; a new build is seen after a restart.
    """
    pages = {f"user/{path}": asset for path, asset in read_bundle(user).items()}
    serve = _server_of(read_bundle(folder) | pages)

    async def endpoint(request: Request) -> Response:
        return serve(request)

    return [Route("/{path:path}", endpoint, methods=["GET"], name="ui")]


def _server_of(bundle: Mapping[str, Asset]) -> Callable[[Request], Response]:
    def serve(request: Request) -> Response:
        path = request.path_params["path"]
        asset = bundle.get(path)
        if asset is not None:
            return _answer(request, asset)
        first, _, _ = path.partition("/")
        if first in RESERVED:
            return PlainTextResponse(f"There is nothing at {request.url.path}\n", 404, dict(SECURITY_HEADERS))
        page = bundle.get("index.html")
        if page is None:
            return Response(_NO_BUNDLE, 503, dict(SECURITY_HEADERS), _TYPES[".html"])
        return _answer(request, page)

    return serve


def _answer(request: Request, asset: Asset) -> Response:
    headers = {**SECURITY_HEADERS, "cache-control": asset.cache_control, "etag": asset.etag, "vary": "Accept-Encoding"}
    if asset.etag in _validators(request):
        return Response(status_code=304, headers=headers)
    content = asset.content
    if asset.gzipped is not None and _accepts_gzip(request.headers.get("accept-encoding", "")):
        content = asset.gzipped
        headers["content-encoding"] = "gzip"
        # Two encodings of one content are two representations (RFC 9110, 8.8.1); a weak validator covers both.
        headers["etag"] = f"W/{asset.etag}"
    return Response(content, headers=headers, media_type=_TYPES.get(asset.suffix, "application/octet-stream"))


def _validators(request: Request) -> list[str]:
    given = request.headers.get("if-none-match", "")
    return [part.strip().removeprefix("W/") for part in given.split(",")]


def _accepts_gzip(header: str) -> bool:
    """RFC 9110, 12.5.3, as far as it concerns gzip: named and not with a weight of zero."""
    for part in header.split(","):
        coding, _, weight = part.strip().partition(";")
        if coding.strip().lower() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
