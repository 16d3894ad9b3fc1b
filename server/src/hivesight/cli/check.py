"""`hivesight check`: what in the files of a monitoring will not do what its author meant."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from hivesight.cli.server import Failed, ask
from hivesight.doctor import CHECKS, check_paths
from hivesight.doctor.live import Live, survey
from hivesight.doctor.report import FORMATS
from hivesight.model.diagnostics import Severity

_ANSWER_SECONDS: Final = 20.0
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
@click.option("--list", "listing", is_flag=True, help="List the checks and end.")
def check(paths: tuple[Path, ...], form: str, fail_on: str, url: str | None, listing: bool) -> None:
    """Examine the files that a monitoring runs on: rules, Prometheus, Alertmanager, dashboards, Collector, Compose.

    Says where, why and what to do. A comment disables a check where it stands, with a reason:

    \b
      # hivesight: ignore promql/unit because the budget is meant to be that small

    \b
    Example:
      hivesight check monitoring/
      hivesight check rules.yml --format sarif > findings.sarif
      hivesight check rules.yml --live http://127.0.0.1:9090

    \b
    Ends with 0 where nothing of --fail-on or graver is found, 1 where there is, and 2 where the command is wrong.
    """
    if listing:
        for each in CHECKS.values():
            click.echo(f"{each.code:32} {each.severity.name.lower():8} {each.title}")
        return
    if not paths:
        raise click.UsageError("name the files or folders to examine, such as: hivesight check monitoring/")
    examination = check_paths(paths, None if url is None else lambda names: _surveyed(url, names))
    click.echo(FORMATS[form](examination))
    worst = examination.worst
    if worst is not None and worst >= Severity[fail_on.upper()]:
        sys.exit(1)


def _surveyed(url: str, names: frozenset[str]) -> Live:
    def asked(path: str, pairs: Sequence[tuple[str, str]]) -> Any:
        status, body = ask(url, f"/api/v1/{path}", pairs, timeout_seconds=_ANSWER_SECONDS, option="--live")
        if status != 200 or not isinstance(body, dict) or "data" not in body:
            raise Failed(f"the server answers {status} for {path}, and not as the Prometheus API does")
        return body["data"]  # pyright: ignore[reportUnknownVariableType]

    return survey(asked, names, time.time, time.monotonic)
