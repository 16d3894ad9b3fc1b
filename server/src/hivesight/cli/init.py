"""`hivesight init`: the production stack as files."""

import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

from hivesight.pack.kubernetes import MADE
from hivesight.pack.placing import Placed, differing, place, place_secrets, remake
from hivesight.pack.stack import (
    EMAIL,
    GUIDE_SERVICES,
    PLATFORMS,
    RECEIVERS,
    SMARTHOST,
    WEBHOOK,
    Service,
    Stack,
    line,
    render,
    service,
)
from hivesight.pack.stack import retention as read_days
from hivesight.pack.steps import steps

_MOST_NAMED: Final = 20
T = TypeVar("T")


def _read_by(read: Callable[[str], T]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """An option's callback: its text, or each of several, read by a function whose ValueError is the usage error."""

    def callback(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        try:
            if isinstance(value, tuple):
                return tuple(read(text) for text in cast("tuple[str, ...]", value))
            return None if value is None else read(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from error

    return callback


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option(
    "--service",
    "services",
    metavar="NAME=HOST:PORT",
    callback=_read_by(service),
    multiple=True,
    help="A service of the hive and where its metrics are; once for each.  [default: the guide's four]",
)
@click.option(
    "--receiver",
    "receivers",
    type=click.Choice(RECEIVERS),
    multiple=True,
    help="How alerts are told; once for each.  [default: email and slack]",
)
@click.option(
    "--retention", metavar="DAYS", callback=_read_by(read_days), help="How long samples are kept.  [default: 15d]"
)
@click.option(
    "--log-retention",
    metavar="DAYS",
    callback=_read_by(read_days),
    help="How long logs and traces are kept.  [default: 30d]",
)
@click.option(
    "--smarthost",
    metavar="HOST:PORT",
    callback=_read_by(line),
    default=SMARTHOST,
    show_default=True,
    help="The relay that takes mail.",
)
@click.option(
    "--email", metavar="ADDRESS", callback=_read_by(line), default=EMAIL, show_default=True, help="Who gets mail."
)
@click.option(
    "--webhook",
    metavar="URL",
    callback=_read_by(line),
    default=WEBHOOK,
    show_default=True,
    help="What gets Alertmanager's JSON.",
)
@click.option("--compose", is_flag=True, help="For Docker Compose, on one machine.  [default]")
@click.option("--kubernetes", is_flag=True, help="For Kubernetes with the Prometheus Operator.")
@click.option(
    "--remake", "remake_only", is_flag=True, help="Only write kubernetes/made again, of the rules and routes in DIR."
)
@click.option("--keep", is_flag=True, help="Leave files that differ as they are, and write the others.")
@click.option("--force", is_flag=True, help="Overwrite files that differ; never secrets.")
def init(
    directory: Path,
    services: tuple[Service, ...],
    receivers: tuple[str, ...],
    retention: str | None,
    log_retention: str | None,
    smarthost: str,
    email: str,
    webhook: str,
    compose: bool,
    kubernetes: bool,
    remake_only: bool,
    keep: bool,
    force: bool,
) -> None:
    """Write the production stack into DIR: Prometheus, Alertmanager, Grafana, the OpenTelemetry Collector, Jaeger,
    Elasticsearch, Kibana, Fluentd and exporters, for Docker Compose or Kubernetes. The files are yours from then on.
    What no flag says is asked on a terminal, and has its default elsewhere.

    \b
    Example:
      hivesight init monitoring
      hivesight init monitoring --service orchestrator=agent-hive:8081 --receiver slack --receiver pagerduty \\
        --retention 30d
      hivesight init monitoring --kubernetes
    """
    if remake_only:
        _remake(directory)
        return
    platforms = {name for name, wanted in zip(PLATFORMS, (compose, kubernetes), strict=True) if wanted}
    stack = Stack(
        services or _asked_services(),
        frozenset(receivers or _asked_receivers()),
        retention or _asked("How long are samples kept", "15d", read_days),
        log_retention or _asked("How long are logs and traces kept", "30d", read_days),
        smarthost,
        email,
        webhook,
        frozenset(platforms or _asked_platforms()),
    )
    names = [each.name for each in stack.services]
    if len(set(names)) < len(names):
        raise click.BadParameter("two services have the same name", param_hint="--service")
    try:
        files = render(stack)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--service") from error
    try:
        others = differing(directory, files)
        if others and not (force or keep):
            raise click.ClickException(_refusal(directory, others))
        wanted = {name: text for name, text in files.items() if force or name not in others}
        _say(directory, stack, place(directory, wanted), place_secrets(directory, lambda: secrets.token_urlsafe(24)))
        if keep and "kubernetes" in stack.platforms:
            remake(directory)
    except OSError as error:
        raise click.ClickException(f"cannot write into {directory}: {error}") from error


def _asked(question: str, default: str, read: Callable[[str], T]) -> T:
    """What a terminal answers, asked again while it cannot be read; the default elsewhere."""

    def proven(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    if not sys.stdin.isatty():
        return read(default)
    answer: T = click.prompt(question, default=default, value_proc=proven)
    return answer


def _asked_services() -> tuple[Service, ...]:
    default = " ".join(f"{each.name}={each.address}" for each in GUIDE_SERVICES)
    question = "Services of the hive, NAME=HOST:PORT with spaces between"
    return _asked(question, default, lambda text: tuple(service(part) for part in text.split()))


def _asked_receivers() -> tuple[str, ...]:
    return _asked(f"How alerts are told ({', '.join(RECEIVERS)})", "email slack", _some_of(RECEIVERS))


def _asked_platforms() -> tuple[str, ...]:
    return _asked(f"Where does it run ({', '.join(PLATFORMS)})", PLATFORMS[0], _some_of(PLATFORMS))


def _some_of(names: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        found = tuple(text.replace(",", " ").split())
        if not found or not set(found) <= set(names):
            raise ValueError(f"{text!r}: name some of {', '.join(names)}")
        return found

    return read


def _remake(directory: Path) -> None:
    try:
        placed = remake(directory)
    except OSError as error:
        raise click.ClickException(f"{error}; --remake needs a directory that init wrote with --kubernetes") from error
    for name in (*placed.written, *placed.overwritten):
        click.echo(f"wrote  {directory / name}")
    click.echo(f"{len(placed.same)} files of {MADE} stood there just so.")


def _refusal(directory: Path, others: list[str]) -> str:
    shown = [f"  {name}" for name in others[:_MOST_NAMED]]
    if len(others) > _MOST_NAMED:
        shown.append(f"  and {len(others) - _MOST_NAMED} more")
    lines = [f"these files in {directory} differ from what would be written:", *shown]
    return "\n".join(
        [*lines, "Nothing was written. Use another directory, --keep to leave them, or --force to overwrite them."]
    )


def _say(directory: Path, stack: Stack, placed: Placed, passwords: list[str]) -> None:
    for word, names in (("wrote", placed.written), ("overwrote", placed.overwritten), ("wrote", passwords)):
        for name in names:
            click.echo(f"{word}  {directory / name}")
    if placed.same:
        click.echo(f"{len(placed.same)} files stood there just so.")
    click.echo("\nWhat is left to do:")
    for number, step in enumerate(steps(directory, stack), 1):
        click.echo(f"  {number}. {step}")
