"""`hivesight notify`: see whether notifications arrive."""

import difflib
import getpass
import json
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
import uvloop

from hivesight import config as configuration
from hivesight.alerting import Status, read_config
from hivesight.alerting.config import ConfigFile
from hivesight.alerting.config_receivers import Receiver
from hivesight.cli.server import output_option
from hivesight.config import Options, Settings
from hivesight.http_client.event_loop import EventLoop
from hivesight.model.duration import parse_duration
from hivesight.model.errors import ConfigError
from hivesight.notify.direct import ChannelResult
from hivesight.notify.trial import Trial, Wording
from hivesight.telemetry import log

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_LONGEST_MS: Final = 3_600_000


@click.group()
def notify() -> None:
    """See whether notifications arrive.

    \b
    Example:
      hivesight notify test on-call --alertmanager-config alertmanager.yml
    """


def _pairs(_context: click.Context, _parameter: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{each!r} is no NAME=VALUE")
        pairs[name] = value
    return pairs


def _seconds(_context: click.Context, _parameter: click.Parameter, given: str) -> float:
    try:
        ms = parse_duration(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if not 0 < ms <= _LONGEST_MS:
        raise click.BadParameter("write a duration above 0 and up to 1h, such as 30s")
    return ms / 1000


@notify.command()
@click.argument("receiver")
@click.option(
    "--alertmanager-config",
    type=_FILE,
    envvar="HIVESIGHT_ALERTMANAGER_CONFIG",
    help="alertmanager.yml.  [default: the one that hivesight.yml names]",
)
@click.option("--config", type=_FILE, envvar="HIVESIGHT_CONFIG", help="hivesight.yml.")
@click.option("--resolved", is_flag=True, help="Say afterwards that the test is over, too.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    callback=_pairs,
    metavar="NAME=VALUE",
    help="A label of the alert, over its own; may be given several times.",
)
@click.option(
    "--annotation",
    "annotations",
    multiple=True,
    callback=_pairs,
    metavar="NAME=VALUE",
    help="An annotation of the alert, over its own; may be given several times.",
)
@click.option(
    "--timeout",
    "timeout_seconds",
    default="30s",
    show_default=True,
    callback=_seconds,
    metavar="D",
    help="How long an integration may take for a message, all its tries together.",
)
@output_option
def test(
    receiver: str,
    alertmanager_config: Path | None,
    config: Path | None,
    resolved: bool,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    timeout_seconds: float,
    output: str,
) -> None:
    """Send a test notification through every integration of RECEIVER.

    It is written, grouped and tried again as a real one, says [TEST] and that nothing is wrong, and passes the
    routing, silences and the notification log by; a running server is neither needed nor asked.

    \b
    Example:
      hivesight notify test on-call --alertmanager-config alertmanager.yml
      hivesight notify test on-call --config hivesight.yml --resolved --output json
      hivesight notify test on-call --label severity=critical --annotation runbook_url=http://wiki/x

    PagerDuty and Opsgenie keep open what a test opened, until one with --resolved closes it.

    \b
    Ends with 0 where all integrations took it, 1 where one did not or there is none, and 2 where the command or
    the configuration is wrong.
    """
    log.configure("error")
    settings = configuration.read_settings(Options(config=config, alertmanager_config=alertmanager_config))
    file = _file(settings)
    trial = Trial(file, _receiver(file, receiver), external_url=_external_url(settings))
    if not trial.channels:
        click.echo(f"hivesight: the receiver {receiver!r} has no integrations: nobody hears of what it gets", err=True)
        sys.exit(1)
    if not trial.routed:
        click.echo(f"warning: no route leads to the receiver {receiver!r}: no alert will reach it", err=True)
    width = max(map(len, trial.channels))

    def heard(status: Status, result: ChannelResult) -> None:
        if output == "text":
            click.echo(_line(status, result, width))

    wording = Wording(_sender(), labels, annotations)
    trying = trial.run(wording, resolved=resolved, timeout_seconds=timeout_seconds, heard=heard)
    results = uvloop.run(trying, loop_factory=EventLoop)
    if output == "json":
        told = [{"status": str(status), **asdict(result)} for status, result in results]
        click.echo(json.dumps({"receiver": receiver, "routed": trial.routed, "results": told}, indent=2))
    if not all(result.ok for _, result in results):
        sys.exit(1)


def _file(settings: Settings) -> ConfigFile:
    if settings.alertmanager_config is None:
        raise click.UsageError("no alertmanager.yml: name it with --alertmanager-config, or in the file of --config")
    file = read_config(Path(settings.alertmanager_config))
    if file.config is None:
        raise ConfigError(file.diagnostics)
    return file


def _receiver(file: ConfigFile, name: str) -> Receiver:
    assert file.config is not None, "a file without errors"
    found = {each.name: each for each in file.config.receivers}
    if name in found:
        return found[name]
    close = difflib.get_close_matches(name, found, 1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise click.UsageError(
        f"no receiver {name!r} in {file.path}: {hint}There are {', '.join(sorted(found)) or 'none'}."
    )


def _external_url(settings: Settings) -> str:
    """Where the links of messages lead, as the server's own do."""
    return settings.external_url or f"http://{settings.listen}"


def _sender() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        # A process without a name, as in some containers.
        user = "somebody"
    return f"{user}@{socket.gethostname()}"


def _line(status: Status, result: ChannelResult, width: int) -> str:
    if not result.attempts:
        outcome, course = "-", ""
    else:
        tries = "1 attempt" if result.attempts == 1 else f"{result.attempts} attempts"
        outcome, course = "ok" if result.ok else "failed", f"{tries}, {result.seconds:.2f} s"
    channel = f"{result.channel}[{result.index}]"
    said = "; ".join(filter(None, (result.error or result.answer, *result.remarks)))
    return f"{channel:<{width}}  {status:<8}  {outcome:<6}  {course:<20}  {said}".rstrip()
