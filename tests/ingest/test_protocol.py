"""Content negotiation."""

import pytest

from hivesight.ingest.protocol import (
    DEFAULT_PROTOCOLS,
    NATIVE_PROTOCOLS,
    ContentTypeError,
    ScrapeProtocol,
    accept_header,
    protocol_of,
)

TEXT, OPENMETRICS = ScrapeProtocol.TEXT_0_0_4, ScrapeProtocol.OPENMETRICS_1_0_0
PROTO = "application/vnd.google.protobuf"
FAMILY = "io.prometheus.client.MetricFamily"

CASES = [
    ("text/plain", None, TEXT),
    ("text/plain; version=0.0.4; charset=utf-8", None, TEXT),
    ("Text/Plain", None, TEXT),
    ("application/openmetrics-text; version=1.0.0; charset=utf-8", None, OPENMETRICS),
    ("application/openmetrics-text; version=1.0.0", TEXT, OPENMETRICS),
    (f"{PROTO}; proto={FAMILY}; encoding=delimited", None, ScrapeProtocol.PROTO),
    (f'{PROTO};proto="{FAMILY}" ; encoding="Delimited"; q=0.5', TEXT, ScrapeProtocol.PROTO),
    (PROTO, None, ScrapeProtocol.PROTO),
    (f"{PROTO}; proto={FAMILY}; encoding=text", TEXT, "encoding='text', which cannot be read: expose encoding=delim"),
    (f"{PROTO}; proto=other.Message", None, "proto='other.Message'"),
    ("", TEXT, TEXT),
    ("text/html", TEXT, TEXT),
    ("", None, "sending blank Content-Type and no fallback_scrape_protocol"),
    ("text/html; charset=utf-8", None, "unsupported Content-Type 'text/html; charset=utf-8'"),
    ("application/json", None, "unsupported Content-Type 'application/json'"),
    ("rubbish", None, "cannot parse Content-Type 'rubbish'"),
]


@pytest.mark.parametrize(("content_type", "fallback", "wanted"), CASES)
def test_content_types(content_type: str, fallback: ScrapeProtocol | None, wanted: str) -> None:
    if isinstance(wanted, ScrapeProtocol):
        assert protocol_of(content_type, fallback) is wanted
    else:
        with pytest.raises(ContentTypeError, match=wanted):
            protocol_of(content_type, fallback)


def test_the_accept_header_prefers_in_order() -> None:
    assert accept_header(DEFAULT_PROTOCOLS) == (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
        "application/openmetrics-text;version=0.0.1;q=0.4,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
        "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
    )
    assert accept_header([TEXT]) == "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"


def test_native_histograms_are_asked_for_in_protobuf() -> None:
    assert accept_header(NATIVE_PROTOCOLS).startswith(
        f"{PROTO};proto={FAMILY};encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;"
    )
