"""`http_sd_configs`: a server that lists targets as JSON (Prometheus 3.5, `discovery/http`)."""

import asyncio
import re
from concurrent.futures import Executor
from typing import Final, cast
from urllib.parse import urlsplit, urlunsplit

import httpx2
import orjson

from hivesight.http_client.authorized import AuthorizedClient
from hivesight.http_client.body import read_raw
from hivesight.http_client.errors import BodyTooLarge, SettingError
from hivesight.http_client.reasons import reason_of
from hivesight.model.labels import Labels
from hivesight.sources.refresh import DiscoveryFault, Looked
from hivesight.sources.sd_config import HttpSdConfig
from hivesight.sources.target import TargetGroup

MAX_BODY_BYTES: Final = 16 << 20

_JSON: Final = re.compile(r'application/json(;\s*charset=("utf-8"|utf-8))?', re.IGNORECASE)
_KNOWN: Final = frozenset(("targets", "labels"))


class HttpLook:
    """A Look at one entry of http_sd_configs. A look takes refresh_interval at most."""

    def __init__(self, config: HttpSdConfig, executor: Executor) -> None:
        self._config = config
        self._executor = executor
        self._client = AuthorizedClient(config, executor=executor)
        self._shown, self._meta_url = _without_secrets(config.url)
        self._headers = (
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),
            ("X-Prometheus-Refresh-Interval-Seconds", f"{config.refresh_interval_ms / 1000:.12g}"),
        )

    async def __call__(self) -> Looked:
        try:
            async with asyncio.timeout(self._config.refresh_interval_ms / 1000):
                body = await self._ask()
            groups = await asyncio.get_running_loop().run_in_executor(
                self._executor, parse_groups, body, self._meta_url, self._shown
            )
        except TimeoutError:
            return Looked(None, (f"{self._shown}: no answer within refresh_interval",))
        except (SettingError, BodyTooLarge, DiscoveryFault) as error:
            return Looked(None, (f"{self._shown}: {error}",))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return Looked(None, (f"{self._shown}: {reason_of(error)}",))
        return Looked(groups)

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self) -> bytes:
        async with self._client.get(self._config.url, self._headers) as response:
            if response.status_code != 200:
                phrase = f"{response.status_code} {response.reason_phrase}".strip()
                raise DiscoveryFault(f"server returned HTTP status {phrase}")
            content_type = response.headers.get("Content-Type", "").strip()
            if not _JSON.fullmatch(content_type):
                raise DiscoveryFault(f"unsupported content type {content_type[:100]!r}: application/json is wanted")
            encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
            if encoding != "identity":
                raise DiscoveryFault(f"the answer has the Content-Encoding {encoding[:40]!r}, which was not asked for")
            return await read_raw(response, MAX_BODY_BYTES)


def _without_secrets(url: str) -> tuple[str, str]:
    """An address for messages, which has neither user nor query, and one for `__meta_url`, which is shown by the API
    and has no user either."""
    parts = urlsplit(url)
    public = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="")
    return urlunsplit(public._replace(query="")), urlunsplit(public)


def parse_groups(body: bytes, url: str, source: str = "") -> tuple[TargetGroup, ...]:
    """The groups of a JSON list, each with the label `__meta_url`; source: what messages call the server. Raises
    DiscoveryFault."""
    try:
        document: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise DiscoveryFault(f"the answer is no JSON: {error}") from None
    if document is None:
        return ()
    if not isinstance(document, list):
        raise DiscoveryFault("the answer must be a list of target groups")
    return tuple(_group(each, index, url, source) for index, each in enumerate(cast("list[object]", document)))


def _group(document: object, index: int, url: str, source: str) -> TargetGroup:
    where = f"target group {index + 1}"
    if not isinstance(document, dict):
        raise DiscoveryFault(f"{where} must be a mapping with targets and labels")
    group = cast("dict[str, object]", document)
    for name in group:
        if name not in _KNOWN:
            raise DiscoveryFault(f"{where} has the unknown key {name[:40]!r}; known here: labels, targets")
    targets, labels = group.get("targets"), group.get("labels")
    addresses = cast("list[object]", [] if targets is None else targets)
    if not isinstance(addresses, list) or not all(isinstance(each, str) for each in addresses):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DiscoveryFault(f"the targets of {where} must be a list of texts")
    pairs = cast("dict[str, object]", {} if labels is None else labels)
    if not isinstance(pairs, dict) or not all(name and isinstance(value, str) for name, value in pairs.items()):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DiscoveryFault(f"the labels of {where} must be a mapping of names to texts")
    return TargetGroup(
        tuple(cast("list[str]", addresses)),
        Labels({**cast("dict[str, str]", pairs), "__meta_url": url}),
        f"{source}, group {index + 1}",
    )
