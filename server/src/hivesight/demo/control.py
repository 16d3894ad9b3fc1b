"""Tells the running reference hive what to do wrong."""

from pathlib import Path
from typing import Any, Final

import httpx2
import orjson

from hivesight.model.errors import HivesightError

TIMEOUT_SECONDS: Final = 10.0


class DemoError(HivesightError):
    """The demo cannot do it; the message says what to do."""


def inject(directory: Path, fault: str, service: str | None, seconds: float | None = None) -> str:
    """Makes a fault happen, or `heal`s. directory: the demo's. seconds: what `slow` adds to each operation, None for
    what is usual of the service. What happened leaves, as a sentence."""
    answer = _ask(directory, "POST", "/fault", {"fault": fault, "service": service, "seconds": seconds})
    return str(answer.get("message", "done"))


def status(directory: Path) -> dict[str, Any]:
    """What runs, and which faults are on."""
    return _ask(directory, "GET", "/status", None)


def _ask(directory: Path, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
    try:
        url = orjson.loads((directory / "hive.json").read_bytes())["control_url"]
    except (OSError, orjson.JSONDecodeError, KeyError) as error:
        raise DemoError(
            f"no demo runs on {directory.parent}: start one with 'hivesight up --demo', "
            "or name its data directory with --data"
        ) from error
    try:
        answer = httpx2.request(method, url + path, json=body, timeout=TIMEOUT_SECONDS)
        document: dict[str, Any] = orjson.loads(answer.content)
    except (httpx2.HTTPError, orjson.JSONDecodeError) as error:
        raise DemoError(
            f"the demo at {url} does not answer ({error}): is 'hivesight up --demo' still running?"
        ) from error
    if answer.status_code >= 400:
        raise DemoError(str(document.get("error", f"the demo answered with HTTP status {answer.status_code}")))
    return document
