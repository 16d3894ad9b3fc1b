"""What the tests of the services share: from a section of a receiver to what its notifier sends."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hivesight.alerting.config import GlobalConfig
from hivesight.alerting.config_receivers import Receiver
from hivesight.notify.notification import Notification
from hivesight.notify.registry import KINDS, Surroundings
from hivesight.notify.rendering import load_templates
from notify.helpers import HERE


def send(
    key: str,
    section: Any,
    *told: Notification,
    shared: GlobalConfig | None = None,
    directory: Path = HERE,
    templates: Sequence[str] = (),
) -> None:
    """Send through the notifier that the registry makes of one section under `key`, such as discord_configs."""

    async def go() -> None:
        receiver = Receiver(name="a", **{key: (section,)})
        (kind,) = (each for each in KINDS if each.sections(receiver))
        around = Surroundings(shared or GlobalConfig(), load_templates(tuple(templates), directory), directory)
        notifier = kind.make(section, around)
        try:
            for each in told:
                await notifier.notify(each)
        finally:
            await notifier.close()

    asyncio.run(go())
