"""`hivesight import`: take over the files of a Prometheus, Alertmanager and Grafana."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from hivesight import config as configuration
from hivesight.config import Options
from hivesight.doctor import check_paths
from hivesight.doctor.adoption import Adoption, adopt
from hivesight.doctor.opening import open_workspace
from hivesight.model.errors import ConfigError, HivesightError
from hivesight.pack.placing import differing, place


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--into", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="Write the files that carry over."
)
@click.option("--force", is_flag=True, help="Overwrite files in DIR that differ.")
def import_(paths: tuple[Path, ...], into: Path | None, force: bool) -> None:
    """Look through the configuration of a Prometheus, an Alertmanager and a Grafana: what carries over to Hivesight,
    what does not and why, and what the doctor says of it. With --into, write a directory that `hivesight up` runs on.

    Originals stay as they are. What has to change in a copy is told, and stays in it as a comment. Files with secrets
    are not copied.

    \b
    Example:
      hivesight import /etc/prometheus
      hivesight import monitoring/ --into hive && hivesight up --config hive/hivesight.yml

    \b
    Ends with 0 where all carries over, 1 where something does not, and 2 where the command is wrong.
    """
    workspace = open_workspace(paths)
    root = Path(os.path.commonpath([each if each.is_dir() else each.parent for each in map(Path.resolve, paths)]))
    adoption = adopt(workspace, root)
    if not adoption.copies and not adoption.left:
        raise HivesightError(
            "nothing here is known: name the folder with prometheus.yml, alertmanager.yml, rules or dashboards"
        )
    for line in (*_carried(adoption), *_examined(paths)):
        click.echo(line)
    if into is not None:
        _written(adoption, into, force=force)
    if adoption.left or any(each.changes for each in adoption.copies):
        sys.exit(1)


def _carried(adoption: Adoption) -> Iterator[str]:
    yield "Carries over:"
    for copy in adoption.copies:
        yield f"  {copy.source}  {copy.what}"
        yield from (f"    changed, line {each.line}: {each.what}: {each.why}" for each in copy.changes)
        yield from (f"    without effect, line {each.line}: {each.what}" for each in copy.notes)
    if not adoption.copies:
        yield "  nothing"
    if adoption.left:
        yield "\nDoes not carry over:"
        yield from (f"  {each.source}  {each.what}: {each.why}" for each in adoption.left)
    if adoption.secrets:
        yield "\nFiles that are not copied, since they may hold secrets; they are looked for at:"
        yield from (f"  {where}  ({why})" for where, why in adoption.secrets.items())
    if adoption.advice:
        yield ""
        yield from adoption.advice


def _examined(paths: tuple[Path, ...]) -> Iterator[str]:
    """The doctor's summary."""
    findings = check_paths(paths).findings
    if not findings:
        yield "\nThe doctor finds nothing."
        return
    counts = Counter(each.severity.name.lower() for each in findings)
    said = ", ".join(f"{count} of severity {name}" for name, count in counts.items())
    yield f"\nThe doctor finds: {said}. The most frequent:"
    for code, count in Counter(each.code for each in findings).most_common(5):
        first = next(each.diagnostic for each in findings if each.code == code)
        yield f"  {count} x {code}, as in {first.path}:{first.line}: {first.message}"
    yield f"All of them: hivesight check {' '.join(map(str, paths))}"


def _written(adoption: Adoption, into: Path, *, force: bool) -> None:
    """Writes the directory, and tries whether a server would start on it."""
    try:
        others = differing(into, adoption.files)
        if others and not force:
            shown = "".join(f"\n  {each}" for each in others)
            raise click.ClickException(
                f"these files in {into} differ from what would be written:{shown}\nNothing was written. Use another "
                "directory, or --force to overwrite them."
            )
        placed = place(into, adoption.files)
    except OSError as error:
        raise click.ClickException(f"cannot write into {into}: {error}") from error
    click.echo(f"\nWrote {len(placed.written) + len(placed.overwritten)} files into {into}.")
    try:
        configuration.load(Options(config=into / "hivesight.yml"))
    except ConfigError as error:
        raise HivesightError(f"a server does not start on them yet:\n{error}") from error
    click.echo(f"Start: hivesight up --config {into / 'hivesight.yml'}")
