"""`hivesight dashboards`: the pack's dashboards for Grafana, made anew."""

from pathlib import Path

import click

from hivesight.model.errors import HivesightError


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def dashboards(directory: Path) -> None:
    """Write the dashboards for Grafana into DIR, over those of the same names.

    Point a dashboard provider of Grafana at DIR. Making them needs Grafana's builders: pip install
    'hivesight[dashboards]'.

    \b
    Example:
      hivesight dashboards /etc/grafana/dashboards
    """
    try:
        from hivesight.pack.dashboards.generator import write
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("grafana_foundation_sdk"):
            raise
        raise HivesightError("Grafana's builders are missing; pip install 'hivesight[dashboards]'") from error
    for path in write(directory):
        click.echo(path)
