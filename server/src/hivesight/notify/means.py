"""What a notifier that speaks HTTP works with besides its own section, and how it fills in that section's texts."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from hivesight.alerting.config import GlobalConfig
from hivesight.model.secret import Secret
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.http import Answer, Poster
from hivesight.notify.notification import Notification
from hivesight.notify.rendering import Templates
from hivesight.notify.secrets import read_address, read_secret
from hivesight.notify.truncation import Count, characters, truncate


@dataclass(frozen=True, slots=True)
class Means:
    shared: GlobalConfig
    poster: Poster
    templates: Templates
    directory: Path

    async def secret(self, inline: Secret | None, file: str, key: str) -> str:
        """The secret that the setting `key` holds, or the file that `key`_file names. Raises NotifyError also where it
        is empty."""
        found = await asyncio.to_thread(read_secret, inline, file, self.directory, f"{key}_file")
        if not found:
            raise NotifyError(FailureReason.CONFIG, f"{key}_file: the file is empty", retry=True)
        return found

    async def address(self, inline: Secret | None, file: str, key: str) -> str:
        """The http or https address that the setting `key` holds, or the file that `key`_file names."""
        return await asyncio.to_thread(read_address, inline, file, self.directory, key)

    async def post(
        self, url: str, body: bytes, timeout_ms: int = 0, headers: Mapping[str, str] | None = None, method: str = "POST"
    ) -> Answer:
        """Send JSON. Raises NotifyError."""
        return await self.poster.post(url, body, "application/json", timeout_ms, headers, method=method)


@dataclass(frozen=True, slots=True)
class Filler:
    """Fills settings in with one notification."""

    templates: Templates
    notification: Notification

    def __call__(self, text: str, most: int = 0, count: Count = characters, *, what: str = "") -> str:
        """The setting `text` filled in and cut to `most`; `what` names it where the cut is worth a remark."""
        said = self.templates.render(text, self.notification)
        if not most:
            return said
        kept = truncate(said, most, count)
        if what and kept != said:
            self.remark(f"{what} was cut to {most}")
        return kept

    def remark(self, text: str) -> None:
        """Once, however often it is tried."""
        if text not in self.notification.remarks:
            self.notification.remarks.append(text)


def said(values: Mapping[str, Any]) -> dict[str, Any]:
    """What says something: empty texts and lists, and what is false, are left out."""
    return {name: value for name, value in values.items() if value not in ("", [], {}, False)}


def filled_tree(value: Any, fill: Callable[[str], str]) -> Any:
    """A tree of a configuration with every text in it filled in, names too; a text that is JSON then stands for what
    it says."""
    if isinstance(value, dict):
        return {fill(str(name)): filled_tree(each, fill) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list):
        return [filled_tree(each, fill) for each in value]  # pyright: ignore[reportUnknownVariableType]
    text = fill(str(value))
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
