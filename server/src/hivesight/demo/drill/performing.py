"""Starts hive and server, has the alerts taken through their faults, and ends both again."""

import asyncio
import signal
import tempfile
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uvloop

from hivesight.app import App
from hivesight.config import Config, Options
from hivesight.demo.drill.acts import Acts, Stage
from hivesight.demo.drill.staging import staged
from hivesight.demo.hive import DemoHive
from hivesight.doctor.drill import Drilled
from hivesight.doctor.rehearsal import Collector, Delivery, Witness
from hivesight.http_client.event_loop import EventLoop
from hivesight.model.clock import SystemClock
from hivesight.model.errors import HivesightError
from hivesight.notify.notification import Integration


@dataclass(frozen=True, slots=True)
class Play:
    """What is performed. config: what somebody's files say, checked. cut: what is done to its waits. say: is handed
    each line of progress."""

    config: Config
    cut: Callable[[Config], Config]
    say: Callable[[str], None]


def perform(names: Collection[str], play: Play) -> list[Drilled]:
    """What was found for each alert of these names, in the order of the rules; there is a fault for each. Takes
    minutes. Raises StartError, ConfigError, DemoError, and KeyboardInterrupt for SIGTERM too; hive and server have
    ended then."""
    with tempfile.TemporaryDirectory(prefix="hivesight-drill-") as folder, _hive(Path(folder) / "demo", play) as hive:
        try:
            return uvloop.run(_performed(names, play, hive, Path(folder)), loop_factory=EventLoop)
        except* HivesightError as group:
            raise group.exceptions[0] from None
        except* asyncio.CancelledError:
            raise KeyboardInterrupt from None


@contextmanager
def _hive(directory: Path, play: Play) -> Generator[DemoHive]:
    hive = DemoHive(directory, free_ports=True)
    play.say("starting the reference hive, and a server that watches it")
    try:
        hive.start()
        yield hive
    finally:
        hive.stop()


async def _performed(names: Collection[str], play: Play, hive: DemoHive, folder: Path) -> list[Drilled]:
    """Runs the server as long as it is needed."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    collector = Collector()
    await collector.open()
    try:
        config = staged(play.config, hive.prometheus_config, folder / "data", collector, play.cut)
        deliveries: list[Delivery] = []
        app = App(Options(), config, load=lambda _: config, dressed=_witnessed(config, collector, deliveries))
        stop, ready = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as serving:
            serving.create_task(app.run(stop, ready.set))
            try:
                await ready.wait()
                stage = Stage(config, app.url, hive.directory, deliveries, SystemClock(), play.say)
                return await Acts(names, stage).perform()
            finally:
                stop.set()
    finally:
        await collector.close()


def _witnessed(
    config: Config, collector: Collector, deliveries: list[Delivery]
) -> Callable[[Integration], Integration]:
    """Notes what each integration says, and what arrived of it."""
    assert config.alertmanager.config is not None, "a checked file"
    numbers = {each.name: number for number, each in enumerate(config.alertmanager.config.receivers)}
    mailing = asyncio.Lock()

    def witnessed(one: Integration) -> Integration:
        number = numbers[one.receiver]
        return replace(one, notifier=Witness(one, number, collector, SystemClock(), mailing, deliveries.append))

    return witnessed
