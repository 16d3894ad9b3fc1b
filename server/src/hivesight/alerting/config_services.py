"""The checks of those sections of receivers that have a file of their own, one line each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from hivesight.alerting.config import GlobalConfig
from hivesight.alerting.config_discord import discord_faults
from hivesight.alerting.config_msteams import msteams_faults
from hivesight.alerting.config_opsgenie import opsgenie_faults
from hivesight.alerting.config_pagerduty import pagerduty_faults
from hivesight.alerting.config_receivers import Receiver
from hivesight.alerting.config_telegram import telegram_faults
from hivesight.alerting.config_types import Fault
from hivesight.schema.loading import Location


def _opsgenie(section: Any, shared: GlobalConfig) -> Iterable[Fault]:
    return opsgenie_faults(section, shared_key=bool(shared.opsgenie_api_key or shared.opsgenie_api_key_file))


def _telegram(section: Any, shared: GlobalConfig) -> Iterable[Fault]:
    return telegram_faults(section, shared_token=bool(shared.telegram_bot_token or shared.telegram_bot_token_file))


_CHECKS: Final[Mapping[str, Callable[[Any, GlobalConfig], Iterable[Fault]]]] = {
    "pagerduty_configs": lambda section, _: pagerduty_faults(section),
    "opsgenie_configs": _opsgenie,
    "msteams_configs": lambda section, _: msteams_faults(section),
    "msteamsv2_configs": lambda section, _: msteams_faults(section),
    "discord_configs": lambda section, _: discord_faults(section),
    "telegram_configs": _telegram,
}


def service_faults(receiver: Receiver, shared: GlobalConfig) -> Iterator[tuple[Location, object, Iterable[Fault]]]:
    """Each section of a receiver that is checked here, by its place from the receiver on, with its faults."""
    for name, check in _CHECKS.items():
        for index, section in enumerate(getattr(receiver, name)):
            yield (name, index), section, check(section, shared)
