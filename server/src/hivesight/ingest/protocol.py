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
NATIVE_PROTOCOLS: Final = (ScrapeProtocol.PROTO, *DEFAULT_PROTOCOLS)
"""What is asked for where native histograms are scraped and nobody says: text cannot carry them."""

_MEDIA: Final = {
    ScrapeProtocol.PROTO: (
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
    ),
    ScrapeProtocol.TEXT_0_0_4: "text/plain;version=0.0.4",
    ScrapeProtocol.TEXT_1_0_0: "text/plain;version=1.0.0",
    ScrapeProtocol.OPENMETRICS_0_0_1: "application/openmetrics-text;version=0.0.1",
    ScrapeProtocol.OPENMETRICS_1_0_0: "application/openmetrics-text;version=1.0.0",
}
_NEGOTIATE_NAMES: Final = (ScrapeProtocol.TEXT_1_0_0, ScrapeProtocol.OPENMETRICS_1_0_0)
_MEDIA_TYPE: Final = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;.*)?", re.DOTALL)
_PARAMETER: Final = re.compile(r';\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"([^"\\]*)"|([^\s;"]*))\s*')
_PROTO_PARAMETERS: Final = {"proto": "io.prometheus.client.MetricFamily", "encoding": "delimited"}


class ContentTypeError(ValueError):
    """The body is in no format that can be read."""


def accept_header(protocols: Sequence[ScrapeProtocol], escaping: str = "allow-utf-8") -> str:
    """The Accept header that asks for these formats, most wanted first."""
    parts: list[str] = []
    for index, each in enumerate(protocols):
        names = f";escaping={escaping}" if each in _NEGOTIATE_NAMES else ""
        parts.append(f"{_MEDIA[each]}{names};q=0.{len(protocols) + 1 - index}")
    return ",".join([*parts, "*/*;q=0.1"])


def protocol_of(content_type: str, fallback: ScrapeProtocol | None) -> ScrapeProtocol:
    """The format of a body with this Content-Type. Raises ContentTypeError, which says what to change."""
    match = _MEDIA_TYPE.fullmatch(content_type[:1000])
    media = match[1].lower() if match else ""
    if media == "application/openmetrics-text":
        return ScrapeProtocol.OPENMETRICS_1_0_0
    if media == "text/plain":
        return ScrapeProtocol.TEXT_0_0_4
    if media == "application/vnd.google.protobuf":
        _check_proto(content_type[:1000])
        return ScrapeProtocol.PROTO
    if fallback is not None:
        return fallback
    advice = "no fallback_scrape_protocol specified for target"
    if not content_type.strip():
        raise ContentTypeError(f"non-compliant scrape target sending blank Content-Type and {advice}")
    if not media:
        raise ContentTypeError(f"cannot parse Content-Type {content_type[:80]!r} and {advice}")
    raise ContentTypeError(f"received unsupported Content-Type {content_type[:80]!r} and {advice}")


def _check_proto(content_type: str) -> None:
    """Raises ContentTypeError for protobuf messages that are none of those that were asked for; a parameter that is
    left out is taken for the one that was."""
    for match in _PARAMETER.finditer(content_type):
        name, value = match[1].lower(), match[2] or match[3] or ""
        wanted = _PROTO_PARAMETERS.get(name, value)
        if value.lower() != wanted.lower():
            raise ContentTypeError(
                f"received protobuf with {name}={value[:60]!r}, which cannot be read: expose {name}={wanted}, or set "
                "scrape_protocols to formats of text"
            )
