"""`hivesight storage`: look at the files of the metrics store, verify them, copy them, add to them."""

import sys
from pathlib import Path

import click
import orjson

from hivesight.cli.data_directory import data_option, shown_time
from hivesight.cli.storage_import import import_
from hivesight.model.clock import SystemClock
from hivesight.model.errors import StorageError
from hivesight.storage.tsdb import Limits, Tsdb
from hivesight.storage.tsdb.inspect import Overview, findings, overview


@click.group()
def storage() -> None:
    """Look at the files of the metrics store, verify them, copy them, import history.

    \b
    Example:
      hivesight storage stats
      hivesight storage verify --data hivesight-data
    """


storage.add_command(import_)


@storage.command()
@data_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def stats(data: Path, as_json: bool) -> None:
    """What is on the disk: blocks, log, what was set aside. A server may run meanwhile.

    \b
    Example:
      hivesight storage stats --data hivesight-data
    """
    found = overview(_metrics(data))
    click.echo(_json(found) if as_json else "\n".join(_table(found)))


@storage.command()
@data_option
def verify(data: Path) -> None:
    """Read every byte and say what is damaged; nothing is changed. Exit code 1 where something is. A server may run
    meanwhile.

    \b
    Example:
      hivesight storage verify --data hivesight-data
    """
    count = damaged = 0
    for name, fault in findings(_metrics(data)):
        count += 1
        if fault is not None:
            damaged += 1
            click.echo(f"{name}: {fault}")
        elif sys.stderr.isatty():
            click.echo(f"{name}: sound", err=True)
    click.echo(f"{count} files and blocks read, {damaged} damaged")
    if damaged:
        click.echo("The next start sets damaged parts aside in `quarantine` and serves the rest.", err=True)
        sys.exit(1)


@storage.command()
@data_option
def snapshot(data: Path) -> None:
    """Copy the store of a stopped server; of a running one the admin API does it. Prints where the copy is: it takes
    the place of `metrics` in a data directory as it is.

    \b
    Example:
      hivesight storage snapshot --data hivesight-data
    """
    metrics = _metrics(data)
    store = Tsdb.open(metrics, clock=SystemClock(), retention_ms=None, limits=Limits())
    try:
        click.echo(str(metrics / "snapshots" / store.snapshot()))
    finally:
        store.close()


def _metrics(data: Path) -> Path:
    path = data / "metrics"
    if not (path / "wal").is_dir():
        raise StorageError(f"{data} holds no metrics: name the server's data directory with --data")
    return path


def _table(found: Overview) -> list[str]:
    lines = [f"{'FROM':<20}{'TO':<20}{'SERIES':>10}{'SAMPLES':>14}{'BYTES':>14}{'B/SAMPLE':>10}{'DELETIONS':>11}"]
    samples = nbytes = 0
    for each in found.blocks:
        meta = each.meta
        if meta is None:
            lines.append(f"{each.name}: cannot be read, see `hivesight storage verify`")
            continue
        samples, nbytes = samples + meta.samples, nbytes + meta.nbytes
        each_bytes = meta.nbytes / max(meta.samples, 1)
        lines.append(
            f"{shown_time(meta.min_ms):<20}{shown_time(meta.max_ms):<20}{meta.series:>10}{meta.samples:>14}{meta.nbytes:>14}"
            f"{each_bytes:>10.2f}{each.deletions:>11}"
        )
    share = f", {nbytes / samples:.2f} bytes a sample" if samples else ""
    lines += ["", f"{len(found.blocks)} blocks: {samples} samples in {nbytes} bytes{share}"]
    lines.append(f"log: {found.log_bytes} bytes (the samples of the last hours)")
    if found.quarantined:
        lines.append(f"set aside because it was damaged: {', '.join(found.quarantined)}")
    return lines


def _json(found: Overview) -> bytes:
    blocks = [
        {
            "name": each.name,
            "readable": each.meta is not None,
            "deletions": each.deletions,
            **(
                {}
                if each.meta is None
                else {
                    "minTime": each.meta.min_ms,
                    "maxTime": each.meta.max_ms,
                    "series": each.meta.series,
                    "samples": each.meta.samples,
                    "histograms": each.meta.histograms,
                    "bytes": each.meta.nbytes,
                }
            ),
        }
        for each in found.blocks
    ]
    document = {"blocks": blocks, "logBytes": found.log_bytes, "quarantined": found.quarantined}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)
