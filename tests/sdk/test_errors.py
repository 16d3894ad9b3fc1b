"""Exceptions of many clients under few kinds."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import urllib.error
from collections.abc import Callable
from email.message import Message
from typing import Any

import pytest

import hivesight_sdk as sdk
from hivesight_sdk import semconv
from hivesight_sdk.errors import error_kind


class HttpError(Exception):
    def __init__(self, **attributes: object) -> None:
        super().__init__()
        self.__dict__.update(attributes)


def named(name: str, base: type[Exception] = Exception) -> Exception:
    return type(name, (base,), {})()


KINDS: list[tuple[BaseException, str]] = [
    (TimeoutError(), "timeout"),
    (named("ReadTimeout"), "timeout"),
    (named("APITimeoutError", type(named("APIConnectionError"))), "timeout"),
    (HttpError(status_code=429), "rate_limited"),
    (HttpError(status_code=401), "denied"),
    (HttpError(status_code=404), "not_found"),
    (HttpError(status_code=422), "invalid_request"),
    (HttpError(status_code=529), "unavailable"),
    (HttpError(status_code=504), "timeout"),
    (HttpError(status_code=200), "internal"),
    (HttpError(response=HttpError(status_code=503)), "unavailable"),
    (urllib.error.HTTPError("http://localhost", 403, "no", Message(), None), "denied"),
    (named("RateLimitError"), "rate_limited"),
    (named("ThrottlingException"), "rate_limited"),
    (named("AuthenticationError"), "denied"),
    (named("BadRequestError"), "invalid_request"),
    (ConnectionResetError(), "connection"),
    (socket.gaierror(), "connection"),
    (named("ConnectError"), "connection"),
    (PermissionError(), "denied"),
    (FileNotFoundError(), "not_found"),
    (OSError(errno.ENOSPC, "full"), "resource_exhausted"),
    (OSError(errno.EIO, "broken"), "io"),
    (MemoryError(), "resource_exhausted"),
    (json.JSONDecodeError("no", "", 0), "invalid_data"),
    (KeyError("x"), "internal"),
    (asyncio.CancelledError(), "cancelled"),
    (KeyboardInterrupt(), "cancelled"),
    (SyntaxError("x"), "invalid_data"),
    (named("Anything"), "internal"),
]


@pytest.mark.parametrize(("error", "kind"), KINDS, ids=[f"{type(row[0]).__name__}-{row[1]}" for row in KINDS])
def test_kinds(error: BaseException, kind: str) -> None:
    assert error_kind(error) == kind
    assert kind in semconv.ERROR_KINDS


def test_errors_are_recorded_by_exception_or_by_kind(growth: Callable[..., Callable[[], float]]) -> None:
    grown = growth("agent_hive_errors_total", component="parser", kind="invalid_data")
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    sdk.record_error("parser", ValueError())
    sdk.record_error("parser", "invalid_data")
    sdk.record_error("parser", "anything else")
    nonsense: Any = 5
    sdk.record_error("parser", nonsense)
    assert grown() == 2
    assert dropped() == 2
