"""What the tests of notification share: a notification to send, a receiver that answers as it is told."""

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alerting.fakes import START, alert
from hivesight.alerting.config import RouteConfig
from hivesight.alerting.group import Flush, Notice, Status
from hivesight.alerting.nflog import Reason
from hivesight.alerting.route import Route, build_route
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels
from hivesight.notify.notification import Notification

EXTERNAL = "http://hive.example"
ROUTE: Route = build_route(RouteConfig(receiver="team"))


def notices(*alerts: Alert, resolved: tuple[Alert, ...] = ()) -> tuple[Notice, ...]:
    return (
        *(Notice(each, Status.FIRING) for each in alerts),
        *(Notice(each, Status.RESOLVED) for each in resolved),
    )


def notification(told: tuple[Notice, ...] | None = None, *, group: dict[str, str] | None = None) -> Notification:
    told = notices(down()) if told is None else told
    labels = Labels(group if group is not None else {"alertname": "AgentHiveDown"})
    flush = Flush('{}:{alertname="AgentHiveDown"}', labels, ROUTE, told, START, START + 60_000, 1)
    return Notification(flush, told, Reason.FIRST, EXTERNAL)


def down(instance: str = "127.0.0.1:8081", **annotations: str) -> Alert:
    said = {"summary": "The service is down", "description": "No answer for 1m"} | annotations
    return alert(
        alertname="AgentHiveDown",
        job="agent-hive-orchestrator",
        severity="critical",
        instance=instance,
        annotations=said,
    )


@dataclass
class Reply:
    """status 0: the connection is reset. hang: no answer at all."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"


@dataclass
class Receiver:
    """Collects what is POSTed; answers by its list, the last one for ever."""

    replies: list[Reply]
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiver(*replies: Reply) -> Iterator[Receiver]:
    """A receiver on a free port of the loopback."""
    state = Receiver(list(replies) or [Reply()])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.requests.append(Request(self.path, headers, body, self.command))
            reply = state.replies.pop(0) if len(state.replies) > 1 else state.replies[0]
            if reply.hang:
                state.released.wait(30)
                return
            if reply.status == 0:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
                self.connection.close()
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_PUT = do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            return

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            return

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


HERE = Path()
