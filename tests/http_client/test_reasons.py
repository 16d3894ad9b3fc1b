"""Errors as people read them."""

import errno
import socket
import ssl

import httpx2
import pytest

from hivesight.http_client.reasons import reason_of


def caused(error: BaseException, *causes: BaseException) -> BaseException:
    last = error
    for each in causes:
        last.__cause__ = each
        last = each
    return error


REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
REASONS = [
    (caused(httpx2.ConnectError("all attempts failed"), REFUSED), "connection refused"),
    (caused(httpx2.ConnectError(""), OSError("multi"), REFUSED), "connection refused"),
    (
        caused(httpx2.ConnectError(""), ExceptionGroup("all", [OSError("?"), OSError(errno.EHOSTUNREACH, "no")])),
        "no route to the host",
    ),
    (OSError(errno.EMFILE, "x"), "too many open files in this process: raise its limit (ulimit -n)"),
    (
        caused(httpx2.ConnectError(""), socket.gaierror(-2, "Name or service not known")),
        "cannot resolve the host name: Name or service not known",
    ),
    (caused(httpx2.ConnectError(""), ssl.SSLError(1, "[SSL: X] x")), "TLS: "),
    (httpx2.TooManyRedirects("x"), "stopped after 10 redirects"),
    (httpx2.InvalidURL("bad port"), "invalid address: bad port"),
    (httpx2.ReadError(""), "connection failed (ReadError)"),
    (httpx2.RemoteProtocolError("x" * 500), "x" * 300),
]


@pytest.mark.parametrize(("error", "reason"), REASONS)
def test_reasons(error: BaseException, reason: str) -> None:
    assert reason_of(error).startswith(reason) and len(reason_of(error)) <= 300
