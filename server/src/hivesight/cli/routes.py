"""`hivesight routes`: the routing tree, and would I be told if ...?"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import click

from hivesight.alerting.config import Config
from hivesight.alerting.config_check import read_config
from hivesight.alerting.explain import explain_by_file
from hivesight.alerting.route import build_route
from hivesight.api.hive.explained import explanation_document, tree_document
from hivesight.cli.explained_text import tested, tree
from hivesight.cli.server import document_of, output_option, url_option
from hivesight.model.clock import SystemClock
from hivesight.model.diagnostics import Severity
from hivesight.model.errors import ConfigError
from hivesight.model.labels import Labels
from hivesight.notify import listeners_of

_file_option: Final = click.option(
    "--alertmanager-config",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Read this file instead of asking a server; silences and other alerts do not count then.",
)


@click.group()
def routes() -> None:
    """Look at the routing tree, and try labels on it.

    \b
    Example:
      hivesight routes show
      hivesight routes test severity=critical team=infra
    """


@routes.command()
@_file_option
@output_option
@url_option
def show(file: Path | None, output: str, url: str) -> None:
    """Draw the routing tree of a running server, or of a file.

    \b
    Example:
      hivesight routes show
      hivesight routes show --alertmanager-config alertmanager.yml
    """
    if file is None:
        document = document_of(url, "/hive/api/v1/routes", [])
    else:
        config = _read(file)
        assert config.route is not None, "a checked file has a route"
        document = tree_document(build_route(config.route))
    _say(document, output, tree(document))


@routes.command()
@click.argument("labels", nargs=-1, required=True, metavar="LABEL=VALUE...")
@click.option("--receivers", metavar="A,B", help="End with 1 unless just these receivers are told.")
@_file_option
@output_option
@url_option
def test(labels: tuple[str, ...], receivers: str | None, file: Path | None, output: str, url: str) -> None:
    """Tell what would become of an alert with these labels: which route takes it, which do not and why, whom its group
    tells and when, and what would hold it back. Times are UTC.

    \b
    Example:
      hivesight routes test alertname=HighErrorRate severity=critical
      hivesight routes test severity=critical team=infra --alertmanager-config alertmanager.yml --receivers pager

    \b
    Ends with 0, with 1 where --receivers says others, and with 2 where the question or the file is wrong.
    """
    parts = [text.partition("=") for text in labels]
    for text, (name, equals, _) in zip(labels, parts, strict=True):
        if not name or not equals:
            raise click.BadParameter(f"{text!r} is no label: write name=value", param_hint="LABEL=VALUE")
    if file is None:
        document = document_of(url, "/hive/api/v1/routes/test", [("label", text) for text in labels])
    else:
        config = _read(file)
        of = {receiver.name: listeners_of(receiver) for receiver in config.receivers}
        wanted = Labels((name, value) for name, _, value in parts)
        document = explanation_document(explain_by_file(config, wanted, of.__getitem__, SystemClock().now_ms()), [])
    _say(document, output, tested(document))
    told = [group["receiver"] for group in document["groups"]]
    if receivers is not None and told != [name.strip() for name in receivers.split(",")]:
        click.echo(f"hivesight: told are {','.join(told)}, not {receivers}", err=True)
        sys.exit(1)


def _read(file: Path) -> Config:
    """The checked file. Raises ConfigError."""
    found = read_config(file)
    if found.config is None:
        raise ConfigError([each for each in found.diagnostics if each.severity is Severity.ERROR])
    return found.config


def _say(document: Any, output: str, lines: Iterable[str]) -> None:
    for line in [json.dumps(document, indent=2, ensure_ascii=False)] if output == "json" else lines:
        click.echo(line)
