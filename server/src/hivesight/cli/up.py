"""`hivesight up`: start the server."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import click
import uvloop

from hivesight import config as configuration
from hivesight.api.hive import Demo
from hivesight.app import VERSION, App
from hivesight.config import Options
from hivesight.demo.hive import DemoHive, Inbox
from hivesight.http_client.event_loop import EventLoop
from hivesight.model.errors import HivesightError
from hivesight.telemetry import log

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--config", type=_FILE, envvar="HIVESIGHT_CONFIG", help="hivesight.yml.")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    envvar="HIVESIGHT_LISTEN",
    help="Where the browser and every API are served.  [default: 127.0.0.1:9640]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="HIVESIGHT_DATA",
    help="Where samples and state are kept.  [default: hivesight-data]",
)
@click.option("--prometheus-config", type=_FILE, envvar="HIVESIGHT_PROMETHEUS_CONFIG", help="prometheus.yml.")
@click.option("--alertmanager-config", type=_FILE, envvar="HIVESIGHT_ALERTMANAGER_CONFIG", help="alertmanager.yml.")
@click.option(
    "--otlp-http",
    metavar="HOST:PORT",
    envvar="HIVESIGHT_OTLP_HTTP",
    help="Where OTLP over HTTP is received, or off.  [default: 127.0.0.1:4318]",
)
@click.option(
    "--otlp-grpc",
    metavar="HOST:PORT",
    envvar="HIVESIGHT_OTLP_GRPC",
    help="Where OTLP over gRPC is received, or off.  [default: 127.0.0.1:4317]",
)
@click.option("--demo", is_flag=True, help="Start a live hive of agents too, and watch it.")
def up(
    config: Path | None,
    listen: str | None,
    data: Path | None,
    prometheus_config: Path | None,
    alertmanager_config: Path | None,
    otlp_http: str | None,
    otlp_grpc: str | None,
    demo: bool,
) -> None:
    """Start the server. Without any configuration it watches this host and itself.

    \b
    Example:
      hivesight up --demo
      hivesight up --prometheus-config prometheus.yml --alertmanager-config alertmanager.yml
    """
    if listen is not None:
        try:
            configuration.address(listen)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--listen") from error
    for name, text in (("--otlp-http", otlp_http), ("--otlp-grpc", otlp_grpc)):
        try:
            configuration.optional_address("off" if text is None else text)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint=name) from error
    options = Options(config, listen, data, prometheus_config, alertmanager_config, otlp_http, otlp_grpc)
    settings = configuration.read_settings(options)
    log.configure(settings.log.level, settings.log.format)
    with _demo(Path(settings.data)) if demo else contextlib.nullcontext() as hive:
        inbox = None
        if hive is not None:
            demo_hive, inbox = hive
            options = replace(
                options,
                prometheus_config=_or(settings.prometheus_config, demo_hive.prometheus_config),
                alertmanager_config=_or(settings.alertmanager_config, demo_hive.alertmanager_config),
            )
        loaded = configuration.load(options)
        shown = Demo(inbox.url, _command(loaded.data)) if inbox else None
        app = App(options, loaded, demo=shown)
        with contextlib.suppress(KeyboardInterrupt):
            uvloop.run(_serve(app, loaded.data, shown), loop_factory=EventLoop)


def _or(said: str | None, default: Path) -> Path:
    return Path(said) if said is not None else default


@contextlib.contextmanager
def _demo(data: Path) -> Generator[tuple[DemoHive, Inbox]]:
    hive = DemoHive(data / "demo")
    click.echo("Starting the reference hive ...", err=True)
    try:
        yield hive, hive.start()
    finally:
        hive.stop()


async def _serve(app: App, data: Path, demo: Demo | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    reloads: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = loop.create_task(_reload(app))
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        await app.run(stop, lambda: _greet(app.url, data, demo))
    except* HivesightError as group:
        raise group.exceptions[0] from None


async def _reload(app: App) -> None:
    try:
        await app.reload()
    except HivesightError as error:
        click.echo(f"The running configuration stays, the new one has faults:\n{error}", err=True)


def _command(data: Path) -> str:
    """How this shell calls `hivesight demo fault` for the demo on `data`."""
    program = "hivesight"
    if shutil.which(program) is None:
        path = os.path.relpath(sys.argv[0])
        program = sys.argv[0] if path.startswith(os.pardir) else path
    return f"{program} demo fault" + ("" if data == Path("hivesight-data") else f" --data {data}")


def _greet(url: str, data: Path, demo: Demo | None) -> None:
    lines = [f"Hivesight {VERSION} is ready.", "", f"  browser  {url}"]
    if demo is not None:
        lines += [
            f"  inbox    {demo.inbox_url}   where the demo's alerts arrive",
            "",
            f"  break it:  {demo.command} kill event-streaming",
            f"  mend it:   {demo.command} heal",
        ]
    lines += ["", f"Data is kept in {data}. Ctrl-C ends it."]
    click.echo("\n".join(lines))
