"""`hivesight demo`: make things go wrong in the running demo, on purpose."""

from pathlib import Path

import click

from hivesight.demo import FAULTS


@click.group()
def demo() -> None:
    """Make things go wrong in the running demo, and watch the alerts.

    \b
    Example:
      hivesight demo fault kill event-streaming
      hivesight demo fault heal
    """


_data = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("hivesight-data"),
    show_default=True,
    envvar="HIVESIGHT_DATA",
    help="The data directory of the server that runs the demo.",
)


@demo.command()
@click.argument("fault", type=click.Choice(FAULTS))
@click.argument("service", required=False)
@_data
def fault(fault: str, service: str | None, data: Path) -> None:
    """Inject a FAULT into a SERVICE of the hive.

    \b
    kill    end the service's process and keep it down
    slow    let it take seconds for what takes milliseconds
    errors  let a large share of its work fail
    stuck   let agents stop making progress
    heal    end the faults of the service, or of all, and start what was killed

    \b
    Example:
      hivesight demo fault kill event-streaming
    """
    from hivesight.demo import control

    click.echo(control.inject(data / "demo", fault, service))


@demo.command()
@_data
def status(data: Path) -> None:
    """Show what runs in the demo, and which faults are on.

    \b
    Example:
      hivesight demo status
    """
    from hivesight.demo import control

    for name, service in control.status(data / "demo")["services"].items():
        state = "up" if service.get("state") == "running" else "down"
        click.echo(f"{name:<28} {state:<5} {service.get('fault') or ''}".rstrip())
