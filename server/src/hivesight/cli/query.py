"""`hivesight query`: ask a running server in PromQL."""

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click

from hivesight.cli import query_text
from hivesight.cli.moments import seconds
from hivesight.cli.server import Failed, Wrong, ask, url_option

_SPAN_SECONDS: Final = 3600.0
_STEPS: Final = 120
_PLACE: Final = re.compile(r"(\d+):(\d+): parse error")
_OUTPUTS: Final[Mapping[str, Callable[[Any, int], Sequence[str]]]] = {
    "table": query_text.table,
    "json": lambda data, _: [json.dumps(data, indent=2, ensure_ascii=False)],
    "chart": query_text.chart,
}


@click.command()
@click.argument("expr")
@click.option("--time", "at", metavar="T", help="When to ask for.  [default: now]")
@click.option("--start", metavar="T", help="Ask for a course of time, from here.  [default: an hour before --end]")
@click.option("--end", metavar="T", help="Until here.  [default: now]")
@click.option("--step", metavar="D", help="One value every so often: 15s, 1m.  [default: 120 values]")
@url_option
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
        form["time"] = seconds("--time", at, now)
    else:
        path = "query_range"
        if at is not None:
            raise click.UsageError("--time is one moment; a course of time has --start and --end")
        until = seconds("--end", end, now)
        since = seconds("--start", start, now) if start is not None else _default_start(until)
        form |= {"start": since, "end": until, "step": step or _default_step(since, until)}
    body = _asked(url, path, form, expr)
    for kind in ("warnings", "infos"):
        for each in body.get(kind, ()):
            click.echo(f"{kind[:-1]}: {each}", err=True)
    for line in _OUTPUTS[output](body["data"], shutil.get_terminal_size().columns):
        click.echo(line)


def _default_start(end: str) -> str:
    return f"{float(end) - _SPAN_SECONDS:.3f}"


def _default_step(start: str, end: str) -> str:
    return str(max(1, round((float(end) - float(start)) / _STEPS)))


def _asked(url: str, path: str, form: Mapping[str, str], expr: str) -> Any:
    """The body of a good answer."""
    status, body = ask(url, f"/api/v1/{path}", list(form.items()), "POST")
    try:
        good = body["status"] == "success"
        fault = "" if good else str(body["error"])
    except (KeyError, TypeError) as error:
        raise Failed(f"the server answers {status}, and not as the Prometheus API does") from error
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
