"""`hivesight check`: what in the files of a monitoring will not do what its author meant."""

import sys
from pathlib import Path

import click

from hivesight.doctor import CHECKS, Finding, check_paths, fix
from hivesight.doctor.report import FORMATS
from hivesight.model.diagnostics import Severity

_SEVERITIES = [each.name.lower() for each in Severity]


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path(path_type=Path, exists=True))
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", help="How findings are written.")
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    default="warning",
    show_default=True,
    help="The mildest severity for which the exit code is 1.",
)
@click.option("--fix", "fixing", is_flag=True, help="Write the mechanical remedies into the files, then examine again.")
@click.option("--list", "listing", is_flag=True, help="List the checks and end.")
def check(paths: tuple[Path, ...], form: str, fail_on: str, fixing: bool, listing: bool) -> None:
    """Examine the files that a monitoring runs on: rules, Prometheus, Alertmanager, dashboards, Collector, Compose.

    Says where, why and what to do. A comment disables a check where it stands, with a reason:

    \b
      # hivesight: ignore promql/unit because the budget is meant to be that small

    \b
    Example:
      hivesight check monitoring/
      hivesight check rules.yml --format sarif > findings.sarif
      hivesight check monitoring/ --fix
    """
    if listing:
        for each in CHECKS.values():
            click.echo(f"{each.code:32} {each.severity.name.lower():8} {each.title}")
        return
    if not paths:
        raise click.UsageError("name the files or folders to examine, such as: hivesight check monitoring/")
    examination = check_paths(paths)
    if fixing:
        fixed = fix(examination)
        for finding in fixed.done:
            click.echo(f"fixed: {_shown(finding)}", err=True)
        for finding, reason in fixed.refused:
            click.echo(f"not fixed: {_shown(finding)}: {reason}", err=True)
        if fixed.done:
            examination = check_paths(paths)
    click.echo(FORMATS[form](examination))
    worst = examination.worst
    if worst is not None and worst >= Severity[fail_on.upper()]:
        sys.exit(1)


def _shown(finding: Finding) -> str:
    place = finding.diagnostic
    return f"{place.path}:{place.line}:{place.col}: {place.message} [{place.code}]"
