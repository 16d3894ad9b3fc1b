"""Asking a running server: the option that names it, its answer, and what is said where there is none."""

import json
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import click
import httpx2

MAX_ANSWER_BYTES: Final = 512 << 20
DEFAULT_URL: Final = "http://127.0.0.1:9640"
TIMEOUT_SECONDS: Final = 600.0
_USER: Final = re.compile(r"//[^/]*@")

url_option = click.option("--url", default=DEFAULT_URL, show_default=True, envvar="HIVESIGHT_URL", help="The server.")

output_option = click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to show it."
)


class Failed(click.ClickException):
    """The server has no answer."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        click.echo(f"hivesight: {self.message}", file=file, err=True)


class Wrong(Failed):
    """The command is to be written otherwise."""

    exit_code = 2


def ask(
    url: str,
    path: str,
    pairs: Sequence[tuple[str, str]],
    method: str = "GET",
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    max_bytes: int = MAX_ANSWER_BYTES,
    option: str = "--url",
) -> tuple[int, Any]:
    """The status and the JSON of an answer. pairs: parameters, those of a POST in its body and each name once.
    timeout_seconds: for the whole answer. max_bytes: of it, unpacked. option: the one that names the server. Raises
    Failed and Wrong."""
    shown = _USER.sub("//", url)
    try:
        with httpx2.stream(
            method,
            f"{url.rstrip('/')}{path}",
            params=[*pairs] if method == "GET" else None,
            data=dict(pairs) if method == "POST" else None,
            timeout=timeout_seconds,
            follow_redirects=True,
        ) as answer:
            body = _bounded(answer.iter_bytes(), time.monotonic() + timeout_seconds, max_bytes, f"{shown}{path}")
    except httpx2.InvalidURL as error:
        raise Wrong(f"{shown} is no address: {error}") from error
    except httpx2.UnsupportedProtocol as error:
        raise Wrong(f"{shown} is no address of a server: write http://... or https://...") from error
    except httpx2.HTTPError as error:
        raise Failed(f"no server answers at {shown} ({error}): start one, or name it with {option}") from error
    try:
        return answer.status_code, json.loads(body)
    except ValueError as error:
        said = body[:2000].decode(errors="replace").strip().partition("\n")[0][:200]
        raise Failed(f"{shown} answers {answer.status_code}: {said or 'nothing'}") from error


def _bounded(chunks: Iterator[bytes], until: float, max_bytes: int, address: str) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise Failed(f"{address} answers with more than {max_bytes >> 20} MiB: ask for less")
        if time.monotonic() > until:
            raise Failed(f"{address} has not ended its answer in time: ask for less, or look at the server")
    return bytes(body)


def document_of(url: str, path: str, pairs: Sequence[tuple[str, str]]) -> Any:
    """What a route of our own API answers. Raises Failed and Wrong with the server's words."""
    status, document = ask(url, path, pairs)
    if status == 200:
        return document
    said = cast("dict[str, Any]", document).get("error") if isinstance(document, dict) else None
    raise (Wrong if status == 400 else Failed)(str(said or f"the server answers {status}"))
