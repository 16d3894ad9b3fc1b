"""What the verbs of `hivesight storage` share: where the data are, and how a time is shown."""

from datetime import UTC, datetime
from pathlib import Path

import click

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("hivesight-data"),
    show_default=True,
    envvar="HIVESIGHT_DATA",
    help="The data directory.",
)


def shown_time(ms: int) -> str:
    """A time in UTC; the number where the calendar does not reach."""
    try:
        return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return str(ms)
