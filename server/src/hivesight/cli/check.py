"""`hivesight check`: what in the files of a monitoring will not do what its author meant."""

import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from hivesight.cli.server import Failed, ask
from hivesight.doctor import CHECKS, Finding, check_paths, fix
from hivesight.doctor.live import Live, survey
from hivesight.doctor.report import FORMATS
from hivesight.model.diagnostics import Severity

_ANSWER_SECONDS: Final = 20.0
_ANSWER_BYTES: Final = 64 << 20
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
@click.option("--live", "url", metavar="URL", help="Hold the rules against the series of a running server too.")
@click.option("--fix", "fixing", is_flag=True, help="Write the mechanical remedies into the files, then examine again.")
@click.option("--list", "listing", is_flag=True, help="List the checks and end.")
def check(paths: tuple[Path, ...], form: str, fail_on: str, url: str | None, fixing: bool, listing: bool) -> None:
    """Examine the files that a monitoring runs on: rules, Prometheus, Alertmanager, dashboards, Collector, Compose, and
    Kubernetes manifests with any of these in them.

    Says where, why and what to do. A comment disables a check where it stands, with a reason:

    \b
      # hivesight: ignore promql/unit because the budget is meant to be that small

    \b
    Example:
      hivesight check monitoring/
      hivesight check rules.yml --format sarif > findings.sarif
      hivesight check rules.yml --live http://127.0.0.1:9090
      hivesight check monitoring/ --fix

    \b
    Ends with 0 where nothing of --fail-on or graver is found, 1 where there is, and 2 where the command is wrong.
    """
    if listing:
        for each in CHECKS.values():
            click.echo(f"{each.code:32} {each.severity.name.lower():8} {each.title}")
        return
    if not paths:
        raise click.UsageError("name the files or folders to examine, such as: hivesight check monitoring/")
    surveyed = None if url is None else partial(_surveyed, url)
    examination = check_paths(paths, surveyed)
    if fixing:
        fixed = fix(examination)
        for finding in fixed.done:
            click.echo(f"fixed: {_shown(finding)}", err=True)
        for finding, reason in fixed.refused:
            click.echo(f"not fixed: {_shown(finding)}: {reason}", err=True)
        if fixed.done:
            examination = check_paths(paths, surveyed)
    click.echo(FORMATS[form](examination))
    worst = examination.worst
    if worst is not None and worst >= Severity[fail_on.upper()]:
        sys.exit(1)


def _surveyed(url: str, names: frozenset[str]) -> Live:
    def asked(path: str, pairs: Sequence[tuple[str, str]]) -> Any:
        address = f"/api/v1/{path}"
        status, body = ask(
            url, address, pairs, timeout_seconds=_ANSWER_SECONDS, max_bytes=_ANSWER_BYTES, option="--live"
        )
        if status != 200 or not isinstance(body, dict) or "data" not in body:
            raise Failed(f"the server answers {status} for {path}, and not as the Prometheus API does")
        return body["data"]  # pyright: ignore[reportUnknownVariableType]

    return survey(asked, names, time.time, time.monotonic)


def _shown(finding: Finding) -> str:
    place = finding.diagnostic
    return f"{place.path}:{place.line}:{place.col}: {place.message} [{place.code}]"
