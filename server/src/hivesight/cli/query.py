"""`hivesight query`: ask a running server in PromQL."""

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click
import httpx2

from hivesight.cli import query_text
from hivesight.model.duration import parse_duration

DEFAULT_URL: Final = "http://127.0.0.1:9640"
_TIMEOUT_SECONDS: Final = 600.0
_SPAN_SECONDS: Final = 3600.0
_STEPS: Final = 120
_PLACE: Final = re.compile(r"(\d+):(\d+): parse error")
_USER: Final = re.compile(r"//[^/]*@")
_OUTPUTS: Final[Mapping[str, Callable[[Any, int], Sequence[str]]]] = {
    "table": query_text.table,
    "json": lambda data, _: [json.dumps(data, indent=2, ensure_ascii=False)],
    "chart": query_text.chart,
}


class Failed(click.ClickException):
    """The server has no answer."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        click.echo(f"hivesight: {self.message}", file=file, err=True)


class Wrong(Failed):
    """The command is to be written otherwise."""

    exit_code = 2


@click.command()
@click.argument("expr")
@click.option("--time", "at", metavar="T", help="When to ask for.  [default: now]")
@click.option("--start", metavar="T", help="Ask for a course of time, from here.  [default: an hour before --end]")
@click.option("--end", metavar="T", help="Until here.  [default: now]")
@click.option("--step", metavar="D", help="One value every so often: 15s, 1m.  [default: 120 values]")
@click.option("--url", default=DEFAULT_URL, show_default=True, envvar="HIVESIGHT_URL", help="The server.")
@click.option("--output", type=click.Choice(list(_OUTPUTS)), default="table", show_default=True, help="How to show it.")
def query(
    expr: str, at: str | None, start: str | None, end: str | None, step: str | None, url: str, output: str
) -> None:
    """Evaluate EXPR, in PromQL, on a running server.

    With --start, --end or --step it is a course of time, otherwise one moment. T is seconds since the epoch, RFC 3339
    (2026-01-02T03:04:05Z), or a time before now (-90m).

    \b
    Example:
      hivesight query up
      hivesight query 'sum by (job) (rate(process_cpu_seconds_total[5m]))' --start -6h --output chart
      hivesight query 'up == 0' --time 2026-01-02T03:04:05Z --output json

    \b
    Ends with 0 where there is an answer, though it be empty, 1 where the server has none, and 2 where the question
    is wrong.
    """
    now = time.time()
    form = {"query": expr}
    if start is None and end is None and step is None:
        path = "query"
        form["time"] = _seconds("--time", at, now)
    else:
        path = "query_range"
        if at is not None:
            raise click.UsageError("--time is one moment; a course of time has --start and --end")
        until = _seconds("--end", end, now)
        since = _seconds("--start", start, now) if start is not None else _default_start(until)
        form |= {"start": since, "end": until, "step": step or _default_step(since, until)}
    body = _asked(url, path, form, expr)
    for kind in ("warnings", "infos"):
        for each in body.get(kind, ()):
            click.echo(f"{kind[:-1]}: {each}", err=True)
    for line in _OUTPUTS[output](body["data"], shutil.get_terminal_size().columns):
        click.echo(line)


def _seconds(option: str, text: str | None, now: float) -> str:
    """A time as the API takes it."""
    if text is None:
        return f"{now:.3f}"
    if text.startswith("-"):
        try:
            return f"{now - parse_duration(text[1:]) / 1000:.3f}"
        except ValueError:
            pass
    try:
        return f"{_moment(text):.3f}"
    except ValueError as error:
        reason = f"{text!r} is no time: write 1767323045, 2026-01-02T03:04:05Z or -90m"
        raise click.BadParameter(reason, param_hint=option) from error


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _default_start(end: str) -> str:
    return f"{float(end) - _SPAN_SECONDS:.3f}"


def _default_step(start: str, end: str) -> str:
    return str(max(1, round((float(end) - float(start)) / _STEPS)))


def _asked(url: str, path: str, form: Mapping[str, str], expr: str) -> Any:
    """The body of a good answer."""
    shown = _USER.sub("//", url)
    try:
        address = f"{url.rstrip('/')}/api/v1/{path}"
        answer = httpx2.post(address, data=form, timeout=_TIMEOUT_SECONDS, follow_redirects=True)
    except httpx2.InvalidURL as error:
        raise Wrong(f"{shown} is no address: {error}") from error
    except httpx2.UnsupportedProtocol as error:
        raise Wrong(f"{shown} is no address of a server: write http://... or https://...") from error
    except httpx2.HTTPError as error:
        raise Failed(f"no server answers at {shown} ({error}): start one, or name it with --url") from error
    try:
        body = answer.json()
        good = body["status"] == "success"
        fault = "" if good else str(body["error"])
    except (ValueError, KeyError, TypeError) as error:
        said = answer.text.strip().partition("\n")[0][:200]
        raise Failed(f"{shown} answers {answer.status_code}: {said or 'nothing'}") from error
    if not good:
        kind = Wrong if body.get("errorType") == "bad_data" else Failed
        raise kind(_with_caret(fault, expr))
    return body


def _with_caret(fault: str, expr: str) -> str:
    """The server's words, and the line of the expression with a caret under the place that they name."""
    place = _PLACE.search(fault)
    lines = expr.split("\n")
    if place is None or not 1 <= int(place[1]) <= len(lines):
        return fault
    line, column = lines[int(place[1]) - 1], int(place[2])
    indent = "".join("\t" if char == "\t" else " " for char in line[: column - 1])
    return f"{fault}\n\n  {line}\n  {indent}^"
