"""`hivesight`: the list of verbs, and how errors end a command (exit 0 good, 1 findings or failure, 2 usage)."""

import importlib
import sys
from importlib.metadata import version
from typing import Final

import click

from hivesight.model.errors import ConfigError, HivesightError

# verb -> (module with a command of the same name, what `hivesight --help` says)
VERBS: Final = {
    "up": ("hivesight.cli.up", "Start the server, with --demo on a live hive of agents."),
    "init": ("hivesight.cli.init", "Write the production stack as files that you own."),
    "import": ("hivesight.cli.import_", "Take over the files of a Prometheus, Alertmanager and Grafana."),
    "query": ("hivesight.cli.query", "Evaluate PromQL on a running server: a table, JSON or a chart."),
    "test": ("hivesight.cli.test", "Run promtool's unit tests of recording and alerting rules."),
    "check": ("hivesight.cli.check", "Examine the files of a monitoring: what will not do what it seems to."),
    "backtest": ("hivesight.cli.backtest", "Tell when alerting rules would have fired, on the samples that there are."),
    "drill": ("hivesight.cli.drill", "Make every alert fire, and follow it to its receivers."),
    "alerts": ("hivesight.cli.alerts", "Tell why an alert was told, or was not."),
    "routes": ("hivesight.cli.routes", "Draw the routing tree, and try labels on it."),
    "notify": ("hivesight.cli.notify", "Send a test notification through a receiver."),
    "storage": (
        "hivesight.cli.storage",
        "Look at the files of the metrics store, verify them, copy them, import history.",
    ),
    "dashboards": ("hivesight.cli.dashboards", "Write the dashboards for Grafana."),
    "demo": ("hivesight.cli.demo", "Make things go wrong in the running demo."),
}


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, _ = VERBS[cmd_name]
        name = "import_" if cmd_name == "import" else cmd_name
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(verb, summary) for verb, (_, summary) in VERBS.items()])


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("hivesight"), prog_name="hivesight")
def hivesight() -> None:
    """Observability for hives of AI agents: metrics, rules, routing and notification in one process.

    \b
    Example:
      hivesight up --demo
    """


def main() -> None:
    """The `hivesight` command."""
    try:
        hivesight()
    except ConfigError as error:
        _say(error, 2)
    except HivesightError as error:
        _say(error, 1)


def _say(error: Exception, code: int) -> None:
    click.echo(f"hivesight: {error}" if "\n" not in str(error) else str(error), err=True)
    sys.exit(code)
