"""`hivesight backtest`: what alerting rules would have done."""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
import orjson

from hivesight.alerting.config import ConfigFile
from hivesight.alerting.config_check import read_config
from hivesight.cli.moments import seconds
from hivesight.cli.server import DEFAULT_URL, output_option
from hivesight.doctor.backtest import LOOKBACK_MS, Plan, Progress, Source
from hivesight.doctor.backtest import backtest as run
from hivesight.doctor.backtest.remote import Remote
from hivesight.doctor.backtest.report import document, lines
from hivesight.doctor.backtest.rule_paths import read_rule_paths
from hivesight.doctor.backtest.store import opened
from hivesight.doctor.backtest.telling import Told, tell
from hivesight.http_client.config import HttpConfig
from hivesight.http_client.folder import in_folder
from hivesight.model.clock import SystemClock
from hivesight.model.diagnostics import Severity
from hivesight.model.duration import parse_duration
from hivesight.model.errors import ConfigError
from hivesight.rules import RuleOptions, Surroundings
from hivesight.schema import load_file
from hivesight.sources.reading import read
from hivesight.telemetry import log

_FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)
_TOLD_SECONDS: Final = 2.0


@click.command()
@click.argument("rules", nargs=-1, required=True, metavar="RULES...", type=click.Path(path_type=Path, exists=True))
@click.option("--since", default="7d", metavar="T", show_default=True, help="From when on: 7d ago, or a time.")
@click.option("--until", metavar="T", help="Until when: 1h ago, or a time.  [default: now]")
@click.option(
    "--server", metavar="URL", envvar="HIVESIGHT_URL", help=f"Where the samples are.  [default: {DEFAULT_URL}]"
)
@click.option(
    "--data",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where they are instead: the data directory of a server of ours, running or not. It stays as it is.",
)
@click.option("--http-config", "http", metavar="F", type=_FILE, help="An `http_config` for --server: credentials, TLS.")
@click.option(
    "--prometheus-config",
    "prometheus",
    metavar="F",
    type=_FILE,
    help="Whose evaluation interval, query offset and external labels hold.",
)
@click.option(
    "--alertmanager-config", "alertmanager", metavar="F", type=_FILE, help="Say who would have been told, too."
)
@click.option("--step", metavar="D", help="Evaluate every so often, instead of at each group's interval.")
@click.option(
    "--align",
    type=click.Choice(["slots", "start"]),
    default="slots",
    show_default=True,
    help="Evaluate a group at the moments at which the server would, or from --since on.",
)
@output_option
def backtest(
    rules: tuple[Path, ...],
    since: str,
    until: str | None,
    server: str | None,
    data: Path | None,
    http: Path | None,
    prometheus: Path | None,
    alertmanager: Path | None,
    step: str | None,
    align: str,
    output: str,
) -> None:
    """Tell when the alerting rules of these files would have fired, how long and how often, on the samples that there
    are. What they read of recording rules of these files is recorded anew.

    T is seconds since the epoch, RFC 3339 (2026-01-02T03:04:05Z), or how long ago (7d). An alert that fires again
    within 15m of its end has come back; one that does so more than once flaps.

    \b
    Example:
      hivesight backtest rules.yml --since 7d
      hivesight backtest rules/ --server http://prometheus:9090 --alertmanager-config alertmanager.yml
      hivesight backtest rules.yml --data hivesight-data --since 2026-01-02T00:00:00Z --until 2026-01-03T00:00:00Z

    \b
    Ends with 0, 1 where a rule cannot be evaluated all the time, and 2 where a file or the command is wrong.
    """
    if server is not None and data is not None:
        raise click.UsageError("the samples are on a --server or in --data, not both")
    log.configure("error")
    plan = _plan(rules, since, until, prometheus, step, aligned=align == "slots")
    told_by = None if alertmanager is None else _alertmanager(alertmanager)
    with _source(plan, server or DEFAULT_URL, data, http) as source:
        results = run(plan, source, _Bar().tell)
        told: Told | None = None
        if told_by is not None:
            told = tell(results, told_by, plan.options.surroundings)
    if output == "json":
        click.echo(orjson.dumps(document(results, told), option=orjson.OPT_INDENT_2))
    else:
        for line in lines(results, told):
            click.echo(line)
    if not results.sound:
        sys.exit(1)


def _plan(
    rules: tuple[Path, ...], since: str, until: str | None, prometheus: Path | None, step: str | None, *, aligned: bool
) -> Plan:
    now = time.time()
    until_ms = _ms("--until", until, now)
    since_ms = _ms("--since", since, now)
    if since_ms >= until_ms:
        raise click.BadParameter("it is not before --until", param_hint="--since")
    options = RuleOptions() if prometheus is None else _options(prometheus)
    step_ms = None
    if step is not None:
        try:
            step_ms = parse_duration(step)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--step") from error
        if step_ms < 1000:
            raise click.BadParameter("evaluate every 1s or less often", param_hint="--step")
    return Plan(read_rule_paths(rules), since_ms, until_ms, options, step_ms, aligned)


def _ms(option: str, text: str | None, now: float) -> int:
    """A time; a bare duration is so long ago."""
    if text is not None and text[-1:] in "smhdwy":
        text = "-" + text.lstrip("-")
    return int(float(seconds(option, text, now)) * 1000)


def _options(prometheus: Path) -> RuleOptions:
    loaded = read(prometheus)
    if loaded.value is None:
        raise ConfigError(loaded.diagnostics)
    of_all = loaded.value.global_
    return replace(
        RuleOptions(of_all.evaluation_interval_ms or RuleOptions().interval_ms, of_all.rule_query_offset_ms),
        surroundings=Surroundings(external_labels=of_all.external_labels),
    )


def _alertmanager(path: Path) -> ConfigFile:
    file = read_config(path)
    errors = [each for each in file.diagnostics if each.severity is Severity.ERROR]
    if errors:
        raise ConfigError(errors)
    return file


@contextmanager
def _source(plan: Plan, server: str, data: Path | None, http: Path | None) -> Generator[Source]:
    if data is not None:
        with opened(data, SystemClock(), lookback_ms=LOOKBACK_MS, default_step_ms=plan.options.interval_ms) as store:
            yield store
        return
    config = HttpConfig()
    if http is not None:
        loaded = load_file(http, HttpConfig)
        if loaded.value is None:
            raise ConfigError(loaded.diagnostics)
        config = in_folder(loaded.value, http.parent)
    with Remote(server, config) as remote:
        yield remote


class _Bar:
    """Says now and then how far it is."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def tell(self, progress: Progress) -> None:
        if time.monotonic() - self._told >= _TOLD_SECONDS:
            self._told = time.monotonic()
            share = 100 * progress.done // max(1, progress.all)
            click.echo(f"{share:3} % of {progress.all:,} evaluations, at {progress.rule}", err=True)
