"""`hivesight storage import`: OpenMetrics text into the store of a stopped server."""

import re
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import click

from hivesight.cli.data_directory import data_option, shown_time
from hivesight.ingest.openmetrics_file import OpenMetricsFile
from hivesight.ingest.parsed import ExpositionError
from hivesight.model.batch import Samples
from hivesight.model.clock import SystemClock
from hivesight.model.errors import HivesightError, StorageError
from hivesight.storage.tsdb.backfill.backfill import Backfill, Backfilled
from hivesight.storage.tsdb.backfill.series import BackfillSeries

_DEFAULT_RETENTION_MS: Final = 15 * 86_400_000
_TOLD_SECONDS: Final = 5.0


class _Tally:
    """What was read so far."""

    def __init__(self) -> None:
        self.samples = 0
        self.low_ms: int | None = None
        self.high_ms: int | None = None
        self._told = time.monotonic()

    def add(self, samples: Samples) -> None:
        if not len(samples):
            return
        low, high = int(samples.times.min()), int(samples.times.max())
        self.samples += len(samples)
        self.low_ms = low if self.low_ms is None else min(self.low_ms, low)
        self.high_ms = high if self.high_ms is None else max(self.high_ms, high)
        self.tell(f"{self.samples} samples read, at {shown_time(high)}")

    def written(self, done: int, every: int) -> None:
        self.tell(f"{100 * done // every} % of the periods written")

    def tell(self, text: str) -> None:
        if time.monotonic() - self._told >= _TOLD_SECONDS:
            self._told = time.monotonic()
            click.echo(text, err=True)


def _labels(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) or name == "__name__":
            raise click.BadParameter(f"write {each!r} as NAME=VALUE, as in --label cluster=prod")
        found[name] = value
    return found


@click.command("import")
@data_option
@click.option(
    "--label", "labels", multiple=True, callback=_labels, metavar="NAME=VALUE", help="A label for every series."
)
@click.option("--dry-run", is_flag=True, help="Read and check the files, and change nothing.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=str, dir_okay=False))
def import_(data: Path, labels: dict[str, str], dry_run: bool, files: tuple[str, ...]) -> None:
    """Read OpenMetrics text with timestamps (`-` is standard input) and put its samples into the store of a stopped
    server, all of them or, where a line is wrong, none. Text like this is what `promtool tsdb dump-openmetrics` writes.

    \b
    Example:
      hivesight storage import --data hivesight-data history.om
      zcat history.om.gz | hivesight storage import --label cluster=prod -
    """
    tally = _Tally()
    try:
        if dry_run:
            series = BackfillSeries(labels)
            for samples in _samples(files, series):
                tally.add(samples)
            done = None
        else:
            with Backfill(data / "metrics", labels) as backfill:
                series = backfill.series
                for samples in _samples(files, series):
                    tally.add(samples)
                    backfill.take(samples)
                done = backfill.finish(tally.written)
    except ExpositionError as error:
        raise HivesightError(f"{error}\nNothing was imported.") from error
    except OSError as error:
        raise StorageError(
            f"cannot import into {data}: {error.filename or ''} {error.strerror or error}; nothing was imported. The "
            "import needs about 20 bytes on the disk for each sample while it runs"
        ) from error
    _summary(tally, len(series), done)


def _samples(files: tuple[str, ...], series: BackfillSeries) -> Iterator[Samples]:
    reader = OpenMetricsFile(series.register)
    for name in files:
        with _opened(name) as file:
            yield from reader.read(file, "standard input" if name == "-" else name)


@contextmanager
def _opened(name: str) -> Generator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below; only opening is judged here
    except OSError as error:
        raise HivesightError(f"cannot read {name}: {error.strerror}") from error
    with file:
        yield file


def _summary(tally: _Tally, series: int, done: Backfilled | None) -> None:
    if tally.low_ms is None or tally.high_ms is None:
        click.echo("no samples; nothing was imported")
        return
    span = f"from {shown_time(tally.low_ms)} to {shown_time(tally.high_ms)} UTC"
    if done is None:
        click.echo(f"{tally.samples} samples of {series} series {span}; nothing was imported (dry run)")
    else:
        samples, nbytes = (sum(each) for each in zip(*((m.samples, m.nbytes) for m in done.blocks), strict=True))
        click.echo(
            f"imported {samples} samples of {series} series {span}: {len(done.blocks)} blocks, {nbytes} bytes "
            f"({nbytes / samples:.2f} a sample)"
        )
        if done.repeated:
            click.echo(f"{done.repeated} samples were given more than once", err=True)
        if done.conflicting:
            click.echo(
                f"warning: {done.conflicting} samples were given again with another value; the first one stands",
                err=True,
            )
    age_ms = SystemClock().now_ms() - tally.low_ms
    if age_ms > _DEFAULT_RETENTION_MS:
        click.echo(
            f"warning: the oldest sample is {age_ms // 86_400_000} days old; the server removes blocks that are older "
            "than `storage.retention` (15d where hivesight.yml does not say otherwise) when it starts: raise it first",
            err=True,
        )
