"""Which exposition format is asked for and which one came: the names of `scrape_protocols`, the Accept header that
they make, and the judgement of a Content-Type. Rules: content negotiation of Prometheus 3."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final


class ScrapeProtocol(StrEnum):
    """A format by its name in the configuration."""

    PROTO = "PrometheusProto"
    TEXT_0_0_4 = "PrometheusText0.0.4"
    TEXT_1_0_0 = "PrometheusText1.0.0"
    OPENMETRICS_0_0_1 = "OpenMetricsText0.0.1"
    OPENMETRICS_1_0_0 = "OpenMetricsText1.0.0"

    @property
    def openmetrics(self) -> bool:
        """Whether the body is OpenMetrics text."""
        return self in (ScrapeProtocol.OPENMETRICS_0_0_1, ScrapeProtocol.OPENMETRICS_1_0_0)


DEFAULT_PROTOCOLS: Final = (
    ScrapeProtocol.OPENMETRICS_1_0_0,
    ScrapeProtocol.OPENMETRICS_0_0_1,
    ScrapeProtocol.TEXT_1_0_0,
    ScrapeProtocol.TEXT_0_0_4,
)
READABLE: Final = frozenset(DEFAULT_PROTOCOLS)
"""The formats that can be parsed here."""

_MEDIA: Final = {
    ScrapeProtocol.TEXT_0_0_4: "text/plain;version=0.0.4",
    ScrapeProtocol.TEXT_1_0_0: "text/plain;version=1.0.0",
    ScrapeProtocol.OPENMETRICS_0_0_1: "application/openmetrics-text;version=0.0.1",
    ScrapeProtocol.OPENMETRICS_1_0_0: "application/openmetrics-text;version=1.0.0",
}
_NEGOTIATE_NAMES: Final = (ScrapeProtocol.TEXT_1_0_0, ScrapeProtocol.OPENMETRICS_1_0_0)
_MEDIA_TYPE: Final = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;.*)?", re.DOTALL)


class ContentTypeError(ValueError):
    """The body is in no format that can be read."""


def accept_header(protocols: Sequence[ScrapeProtocol], escaping: str = "allow-utf-8") -> str:
    """The Accept header that asks for these formats, most wanted first."""
    known = [each for each in protocols if each in _MEDIA]
    parts: list[str] = []
    for index, each in enumerate(known):
        names = f";escaping={escaping}" if each in _NEGOTIATE_NAMES else ""
        parts.append(f"{_MEDIA[each]}{names};q=0.{len(known) + 1 - index}")
    return ",".join([*parts, "*/*;q=0.1"])


def protocol_of(content_type: str, fallback: ScrapeProtocol | None) -> ScrapeProtocol:
    """The format of a body with this Content-Type. Raises ContentTypeError, which says what to change."""
    match = _MEDIA_TYPE.fullmatch(content_type[:1000])
    media = match[1].lower() if match else ""
    if media == "application/openmetrics-text":
        return ScrapeProtocol.OPENMETRICS_1_0_0
    if media == "text/plain":
        return ScrapeProtocol.TEXT_0_0_4
    if fallback is not None:
        return fallback
    advice = "no fallback_scrape_protocol specified for target"
    if not content_type.strip():
        raise ContentTypeError(f"non-compliant scrape target sending blank Content-Type and {advice}")
    if not media:
        raise ContentTypeError(f"cannot parse Content-Type {content_type[:80]!r} and {advice}")
    raise ContentTypeError(f"received unsupported Content-Type {content_type[:80]!r} and {advice}")
