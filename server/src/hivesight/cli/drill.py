"""`hivesight drill`: whether every alert can fire, and whom it reaches."""

import difflib
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from hivesight import config as configuration
from hivesight import pack
from hivesight.cli.server import output_option
from hivesight.config import Config, Options
from hivesight.doctor.drill import Drilled, RuleSet, Setting, Subject, Telling, UnitTests
from hivesight.doctor.drill import drill as drilled_of
from hivesight.doctor.drill.report import document, steps, table
from hivesight.ingest.relabel import relabelling
from hivesight.model.diagnostics import Severity
from hivesight.model.errors import ConfigError
from hivesight.rules import RuleFile, RuleOptions, Surroundings, read_rule_file
from hivesight.telemetry import log

_OWN: Final = "hivesight.yml"
_EXTERNAL_URL: Final = "http://localhost:9640"
_WIDE: Final = 10_000
_path = click.Path(path_type=Path, exists=True)
_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("rules", nargs=-1, metavar="[RULE...]")
@click.option("--config", type=_path, help=f"{_OWN}, or the folder with it that `hivesight init` wrote.")
@click.option("--prometheus-config", type=_file, help="The Prometheus file, which names the rules.")
@click.option("--alertmanager-config", type=_file, help="The Alertmanager file: who is told, and how.")
@click.option("--rules", "files", type=_file, multiple=True, help="These rule files, and no others; once for each.")
@click.option("--tests", type=_file, multiple=True, help="Unit tests elsewhere than beside the rules; once for each.")
@click.option("-v", "--verbose", is_flag=True, help="The steps and the messages of each rule too, as with RULE.")
@click.option("--demo", is_flag=True, help="Real faults in the reference hive, in real time, which takes minutes.")
@click.option("--hurry", is_flag=True, help="With --demo: intervals, waits and ranges are cut to seconds.")
@output_option
def drill(
    rules: tuple[str, ...],
    config: Path | None,
    prometheus_config: Path | None,
    alertmanager_config: Path | None,
    files: tuple[Path, ...],
    tests: tuple[Path, ...],
    verbose: bool,
    demo: bool,
    hurry: bool,
    output: str,
) -> None:
    """Make every alert fire, in a time of its own, and follow it to the receivers.

    Each alerting rule, or each RULE, is shown series in which all is well, and then a fault: those of the unit tests in
    promtool's format that lie beside it, or series made from its expression. What it tells goes through routing,
    grouping and inhibition, and each message is rendered and delivered, to receivers of the drill's own on this
    machine. Nobody is told in earnest, and no secret is needed.

    With --demo a server on the same rules and routes watches a live hive of agents, to which what the alerts warn of is
    done: a service is killed, work fails, is slow or stands still.

    Without options the files of ./hivesight.yml are drilled, and where there is none those of the pack.

    \b
    Example:
      hivesight drill
      hivesight drill --config monitoring
      hivesight drill HighErrorRate --rules rules.yml --alertmanager-config alertmanager.yml
      hivesight drill --demo --hurry AgentHiveDown

    \b
    Ends with 0 where every rule fires, is silent in health and reaches a receiver, 1 where one does not, and 2 where
    the command or a file is wrong.
    """
    log.configure("error")
    if demo and tests:
        raise click.UsageError("--demo asks a live hive and no --tests: leave one of them out")
    if hurry and not demo:
        raise click.UsageError("--hurry goes with --demo: without it nothing waits")
    loaded = _loaded(config, prometheus_config, alertmanager_config, files)
    setting = _setting(loaded, files, tests)
    subjects = _chosen(setting.rules, rules)
    beside: list[str] = []
    if demo:
        from hivesight.cli.drill_demo import play

        played = play(replace(loaded, rules=setting.rules.files), [each.name for each in subjects], hurry=hurry)
        found, beside = played.drilled, played.lines()
    else:
        found = _drilled(subjects, setting)
    if output == "json":
        click.echo(json.dumps(document(found), indent=2, ensure_ascii=False))
    else:
        for each in found if rules or verbose else ():
            click.echo("\n".join((*steps(each), "")))
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDE
        click.echo("\n".join((*table(found, width), *beside)))
    if not all(each.passed for each in found):
        sys.exit(1)


def _loaded(
    config: Path | None, prometheus_config: Path | None, alertmanager_config: Path | None, files: Sequence[Path]
) -> Config:
    """What is configured. Raises ConfigError."""
    if config is not None and config.is_dir():
        config = config / _OWN
        if not config.is_file():
            raise click.UsageError(f"{config} is not there: name a folder that `hivesight init` wrote, or the files")
    if config is None and prometheus_config is None and alertmanager_config is None and not files:
        config = Path(_OWN) if Path(_OWN).is_file() else pack.FILES / _OWN
        click.echo(f"drilling the files of {config}; name others with --config", err=True)
    options = Options(config=config, prometheus_config=prometheus_config, alertmanager_config=alertmanager_config)
    settings = configuration.read_settings(options)
    if settings.alertmanager_config is None:
        raise click.UsageError("nobody is told without routes: name them with --alertmanager-config, or with --config")
    return configuration.load(options)


def _setting(config: Config, files: Sequence[Path], tests: Sequence[Path]) -> Setting:
    overall = config.prometheus.global_
    interval_ms = overall.evaluation_interval_ms
    read = [_rule_file(path) for path in files] if files else config.rules
    rules = RuleSet([(path, _with_intervals(file, interval_ms)) for path, file in read])
    external_url = (config.settings.external_url or _EXTERNAL_URL).rstrip("/")
    relabelled = relabelling(config.prometheus.alerting.alert_relabel_configs)
    surroundings = Surroundings(external_url, overall.external_labels)
    return Setting(
        rules,
        UnitTests(rules, tests or None),
        Telling(config.alertmanager, relabelled, external_url),
        RuleOptions(interval_ms, surroundings=surroundings),
    )


def _rule_file(path: Path) -> tuple[str, RuleFile]:
    source = read_rule_file(path)
    if source.file is None:
        raise ConfigError([each for each in source.diagnostics if each.severity is Severity.ERROR])
    return source.path, source.file


def _with_intervals(file: RuleFile, interval_ms: int) -> RuleFile:
    """The file with the usual interval in groups that say none."""
    return RuleFile(groups=tuple(replace(each, interval_ms=each.interval_ms or interval_ms) for each in file.groups))


def _chosen(rules: RuleSet, names: Sequence[str]) -> list[Subject]:
    known = dict.fromkeys(each.name for each in rules.alerts)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {len(known)} others"
            raise click.UsageError(f"no alerting rule is called {name!r}: {hint}")
    if not known:
        raise click.UsageError("there is no alerting rule in the files: name some with --rules")
    return [each for each in rules.alerts if not names or each.name in names]


def _drilled(subjects: Sequence[Subject], setting: Setting) -> list[Drilled]:
    for path in setting.tests.unread:
        click.echo(f"{path}: has errors, so its tests are left out; `hivesight test` names them", err=True)
    shown = click.progressbar(
        subjects,
        label="drilling",
        item_show_func=lambda each: "" if each is None else each.name,
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    )
    with shown as bar:
        return [drilled_of(each, setting) for each in bar]
