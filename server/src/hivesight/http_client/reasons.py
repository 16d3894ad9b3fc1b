"""Why a request failed, in a few words that a person can act on."""

import errno
import socket
import ssl
from typing import Final

import httpx2

from hivesight.http_client.client import MAX_REDIRECTS

_WORDS: Final = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset by the other side",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "network unreachable",
    errno.ETIMEDOUT: "timed out while connecting",
    errno.EPIPE: "connection closed by the other side",
    errno.EMFILE: "too many open files in this process: raise its limit (ulimit -n)",
}


def reason_of(error: BaseException) -> str:
    """A short reason, taken from the deepest cause that says something."""
    if isinstance(error, httpx2.TooManyRedirects):
        return f"stopped after {MAX_REDIRECTS} redirects"
    if isinstance(error, httpx2.InvalidURL):
        return f"invalid address: {error}"
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return f"cannot resolve the host name: {cause.strerror or cause}"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"TLS: the certificate cannot be verified: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            # Those that Python itself makes have no reason.
            return f"TLS: {getattr(cause, 'reason', None) or cause}"
        if isinstance(cause, OSError) and cause.errno in _WORDS:
            return _WORDS[cause.errno]
    text = str(error).strip()
    return text[:300] if text else f"connection failed ({type(error).__name__})"


def _causes(error: BaseException, depth: int = 0) -> list[BaseException]:
    """The error's causes, the deepest first."""
    if depth > 10:
        return []
    found: list[BaseException] = []
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            found += _causes(each, depth + 1)  # pyright: ignore[reportUnknownArgumentType]
    for inner in (error.__cause__, error.__context__):
        if inner is not None:
            found += _causes(inner, depth + 1)
    return [*found, error]
