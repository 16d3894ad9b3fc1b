"""`hivesight alerts`: why was I told, or not?"""

import json
import sys
import time
from typing import Any

import click

from hivesight.cli.explained_text import Times, explained, rule_lines, section
from hivesight.cli.moments import seconds
from hivesight.cli.server import document_of, output_option, url_option


@click.group()
def alerts() -> None:
    """Ask a running server about alerts.

    \b
    Example:
      hivesight alerts explain HighErrorRate
    """


@alerts.command()
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@click.option("--start", metavar="T", help="What its rule said from here on.  [default: a day before --end]")
@click.option("--end", metavar="T", help="Until here.  [default: now]")
@click.option("--limit", default=5, show_default=True, help="So many alerts at most.")
@output_option
@url_option
def explain(matchers: tuple[str, ...], start: str | None, end: str | None, limit: int, output: str, url: str) -> None:
    """Tell why the alerts that meet every MATCHER were told, or were not: which rule makes them and with which values,
    which route took them and which did not, what holds them back, who was told what and with which answer, and when
    they are told again.

    A MATCHER is written as for amtool: an alert's name, label=value, label!=value, label=~expression. Alerts that are
    over are explained too, for five days. T is seconds since the epoch, RFC 3339 (2026-01-02T03:04:05Z), or a time
    before now (-90m). Times are UTC.

    \b
    Example:
      hivesight alerts explain HighErrorRate
      hivesight alerts explain HighErrorRate 'instance=~"web-.*"' --start -6h
      hivesight alerts explain severity=critical --output json

    \b
    Ends with 0 where there is such an alert, 1 where there is none, and 2 where the question is wrong.
    """
    pairs = [("filter", _matcher(each, first=not place)) for place, each in enumerate(matchers)]
    now = time.time()
    pairs += [(name, seconds(f"--{name}", text, now)) for name, text in (("start", start), ("end", end)) if text]
    document = document_of(url, "/hive/api/v1/alerts/explain", [*pairs, ("limit", str(limit))])
    if output == "json":
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _show(document)
    if not document["alerts"]:
        sys.exit(1)


def _matcher(text: str, *, first: bool) -> str:
    """A bare word in the first place is the alert's name."""
    return f"alertname={json.dumps(text)}" if first and not any(sign in text for sign in "=~{") else text


def _show(document: Any) -> None:
    for number, each in enumerate(document["alerts"]):
        if number:
            click.echo()
        for line in explained(each):
            click.echo(line)
    if document["more"]:
        click.echo(f"\n... and {document['more']} more: name more labels, or raise --limit", err=True)
    if not document["alerts"]:
        click.echo("No alert with these labels is there, and none was in the last five days.")
        for rule in document["rules"]:
            for line in section("Rule", rule_lines(rule, Times(document["now"]))):
                click.echo(line)
        if document["did_you_mean"]:
            click.echo(f"No rule has this name. Near it: {', '.join(document['did_you_mean'])}")
