"""A Kubernetes API server with the part of the API that discovery uses: lists in pages, and watches."""

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from sources.recording import http_server, respond

Json = dict[str, object]


def named(name: str, namespace: str = "default", **more: object) -> Json:
    """The metadata of an object."""
    return {"name": name, **({"namespace": namespace} if namespace else {}), **more}


class ClusterServer:
    """`put` and `delete` change a collection, for those who watch it too. `fail`: statuses for the next requests of a
    collection. `expired`: versions before this one are gone. `requests`: path and query of each."""

    def __init__(self) -> None:
        self.address = ""
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.headers: list[dict[str, str]] = []
        self.fail: dict[str, list[tuple[int, str]]] = {}
        self.expired = 0
        self.watching: dict[str, int] = {}
        self._objects: dict[str, dict[tuple[str, str], Json]] = {}
        self._events: dict[str, list[tuple[int, bytes]]] = {}
        self._version = 100
        self._changed = threading.Condition()
        self._generation = 0
        self._stopped = False

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def put(self, path: str, object_: Json) -> None:
        meta = dict(object_["metadata"])  # type: ignore[call-overload]
        key = (str(meta.get("namespace", "")), str(meta["name"]))
        with self._changed:
            self._version += 1
            stored = {**object_, "metadata": {**meta, "resourceVersion": str(self._version)}}
            kind = "MODIFIED" if key in self._objects.setdefault(path, {}) else "ADDED"
            self._objects[path][key] = stored
            self._tell(path, kind, stored)

    def delete(self, path: str, name: str, namespace: str = "default") -> None:
        with self._changed:
            self._version += 1
            gone = self._objects[path].pop((namespace, name))
            meta = {**gone["metadata"], "resourceVersion": str(self._version)}  # type: ignore[dict-item]
            self._tell(path, "DELETED", {**gone, "metadata": meta})

    def bookmark(self, path: str) -> None:
        with self._changed:
            self._version += 1
            self._tell(path, "BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": str(self._version)}})

    def raw(self, path: str, line: bytes) -> None:
        """Sends any line to those who watch."""
        with self._changed:
            self._version += 1
            self._events.setdefault(path, []).append((self._version, line + b"\n"))
            self._changed.notify_all()

    def end_watches(self) -> None:
        with self._changed:
            self._generation += 1
            self._changed.notify_all()

    def forget(self) -> None:
        """No version from before now can be watched any more; those who watch are told so."""
        with self._changed:
            self._version += 1
            self.expired = self._version
            error = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}
            for path in self._events:
                self._events[path] = [(self._version, json.dumps(error).encode() + b"\n")]
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def lists(self, path: str) -> list[dict[str, str]]:
        return [query for asked, query in self.requests if asked == path and "watch" not in query]

    def watches(self, path: str) -> list[dict[str, str]]:
        return [query for asked, query in self.requests if asked == path and "watch" in query]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.requests.append((parts.path, query))
        self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        if self.fail.get(parts.path):
            status, message = self.fail[parts.path].pop(0)
            return respond(handler, json.dumps({"message": message}).encode(), "application/json", status)
        if "watch" in query:
            return self._watch(handler, parts.path, int(query["resourceVersion"]))
        return self._list(handler, parts.path, int(query.get("limit", "500")), int(query.get("continue", "0")))

    def _tell(self, path: str, kind: str, object_: Json) -> None:
        line = json.dumps({"type": kind, "object": object_}).encode() + b"\n"
        self._events.setdefault(path, []).append((self._version, line))
        self._changed.notify_all()

    def _list(self, handler: BaseHTTPRequestHandler, path: str, limit: int, start: int) -> None:
        with self._changed:
            items = list(self._objects.get(path, {}).values())
            version = self._version
            self._events.setdefault(path, [])
        more = str(start + limit) if start + limit < len(items) else ""
        meta = {"resourceVersion": str(version), "continue": more}
        respond(handler, json.dumps({"metadata": meta, "items": items[start : start + limit]}).encode())

    def _watch(self, handler: BaseHTTPRequestHandler, path: str, version: int) -> None:
        if version < self.expired:
            return respond(handler, b'{"code":410,"message":"too old"}', "application/json", 410)
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.flush()
        with self._changed:
            generation = self._generation
            self.watching[path] = self.watching.get(path, 0) + 1
        while True:
            with self._changed:
                while not (self._stopped or generation != self._generation or self._after(path, version)):
                    self._changed.wait()
                lines = self._after(path, version)
                over = self._stopped or generation != self._generation
            for version, line in lines:  # noqa: B007  # the next look goes on from the last
                handler.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
            if over:
                handler.wfile.write(b"0\r\n\r\n")
                return None
            handler.wfile.flush()

    def _after(self, path: str, version: int) -> list[tuple[int, bytes]]:
        return [(number, line) for number, line in self._events.get(path, ()) if number > version]


@contextlib.contextmanager
def cluster_server(tls: ssl.SSLContext | None = None) -> Iterator[ClusterServer]:
    server = ClusterServer()
    with http_server(server.answer, tls) as server.address:
        try:
            yield server
        finally:
            server.stop()
