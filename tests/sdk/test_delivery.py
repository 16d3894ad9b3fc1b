"""How requests travel: through proxies, over TLS, and over a connection that a child must leave alone."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hivesight_sdk.otlp.delivery import NO_ANSWER, Answer, Connection
from sdk.otlp_server import Receiver, Rude, until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    it = Receiver()
    yield it
    it.close()


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("no_proxies")
def test_a_proxy_gets_the_whole_url_and_its_credentials(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", receiver.url.replace("//", "//ann:p%40ss@"))
    connection = Connection("http://collector.invalid:4318/v1/logs?a=b")
    for _ in range(2):
        assert connection.post(b"{}", {"X": "y"}, 5).status == 200
    connection.close()
    assert receiver.connections == 1
    path, headers, _ = receiver.requests[0]
    assert path == "http://collector.invalid:4318/v1/logs?a=b"
    assert (headers["Host"], headers["X"]) == ("collector.invalid:4318", "y")
    assert headers["Proxy-Authorization"] == "Basic YW5uOnBAc3M="


@pytest.mark.usefixtures("no_proxies")
def test_who_is_not_asked_through_a_proxy(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    connection = Connection(receiver.url + "/v1/logs")
    assert connection.post(b"{}", {}, 5).status == 200, "loopback"
    connection.close()
    monkeypatch.setenv("no_proxy", "collector.invalid")
    assert "gaierror" in Connection("http://collector.invalid/v1/logs").post(b"", {}, 5).text


@pytest.mark.usefixtures("no_proxies")
def test_tls_goes_through_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    rude = Rude(b"HTTP/1.1 407 No\r\n\r\n")
    monkeypatch.setenv("https_proxy", rude.url)
    try:
        answer = Connection("https://collector.invalid/v1/logs").post(b"{}", {}, 5)
    finally:
        rude.close()
    assert answer.status == NO_ANSWER
    assert "407" in answer.text


@pytest.fixture
def secure(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The receiver's URL, with TLS spoken there by a host that is trusted."""
    trustme = pytest.importorskip("trustme", reason="needs the package trustme")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = receiver._server
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return receiver.url.replace("http:", "https:")


def test_tls(secure: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Connection(secure)
    for _ in range(2):
        assert connection.post(b"{}", {}, 20) == Answer(200, "{}")
    connection.close()
    assert receiver.connections == 1
    monkeypatch.delenv("SSL_CERT_FILE")
    answer = Connection(secure).post(b"{}", {}, 20)
    assert (answer.status, "CERTIFICATE_VERIFY_FAILED" in answer.text) == (NO_ANSWER, True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_lets_go_of_the_connection_and_the_parent_goes_on(secure: str, receiver: Receiver) -> None:
    connection = Connection(secure)
    assert connection.post(b"1", {}, 20).status == 200
    pid = os.fork()
    if not pid:
        connection.forget()
        os._exit(0 if connection.post(b"2", {}, 20).status == 200 else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert connection.post(b"3", {}, 20).status == 200
    connection.close()
    assert receiver.connections == 2
    assert [body for _, _, body in receiver.requests] == [b"1", b"2", b"3"]


def test_another_thread_can_have_a_wait_fail() -> None:
    rude = Rude(hang=True)
    connection = Connection(rude.url)
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(connection.post(b"{}", {}, 600)))
    thread.start()
    try:
        assert until(lambda: rude.asked)
        connection.abort()
        thread.join(20)
    finally:
        rude.close()
    assert [answer.status for answer in answers] == [NO_ANSWER]
