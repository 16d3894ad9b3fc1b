"""`hivesight test`: promtool's unit tests of rules."""

import re
import sys
from pathlib import Path

import click

from hivesight.model.errors import HivesightError
from hivesight.rule_tests import junit, run_file, text_lines
from hivesight.telemetry import log


def _pattern(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> "re.Pattern[str] | None":
    try:
        return re.compile("|".join(f"(?:{each})" for each in given)) if given else None
    except re.error as error:
        raise click.BadParameter(f"no regular expression: {error}") from error


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--run",
    "wanted",
    multiple=True,
    callback=_pattern,
    metavar="REGEX",
    help="Only tests in whose name it is found; may be given several times.",
)
@click.option(
    "--junit",
    "xml",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the results as JUnit XML.",
)
def test(files: tuple[Path, ...], wanted: "re.Pattern[str] | None", xml: Path | None) -> None:
    """Run unit tests of recording and alerting rules: the FILEs that `promtool test rules` runs.

    Rules are evaluated as the server does it, on the samples that a test gives and a clock of its own.

    \b
    Example:
      hivesight test rules.test.yml
      hivesight test tests/*.yml --run 'hive is down' --junit results.xml

    \b
    A test looks like this:
      rule_files: [rules.yml]
      evaluation_interval: 1m
      tests:
        - name: a service is down
          interval: 1m
          input_series:
            - {series: 'up{job="api"}', values: '1 1 0x10'}
          alert_rule_test:
            - eval_time: 8m
              alertname: Down
              exp_alerts: [{exp_labels: {job: api, severity: page}}]

    \b
    Ends with 0 where all tests pass, 1 where one fails, and 2 where a file is wrong or cannot be read.
    """
    log.configure("error")
    results = [run_file(path, wanted) for path in files]
    for result in results:
        for line in text_lines(result):
            click.echo(line)
    if xml is not None:
        try:
            xml.write_bytes(junit(results))
        except OSError as error:
            raise HivesightError(f"cannot write {xml}: {error.strerror}") from error
    if any(result.fault for result in results):
        sys.exit(2)
    if any(result.failed for result in results):
        sys.exit(1)
