"""A target's answer to columns: its format is judged, its text or messages are parsed as the job's settings say. One
for each target; it holds what is remembered of the target's series between scrapes."""

import re
from typing import Final

from hivesight.ingest.custom_buckets import CustomBuckets
from hivesight.ingest.exposition import parse
from hivesight.ingest.parsed import ExpositionError, Parsed
from hivesight.ingest.protobuf.families import parse_protobuf
from hivesight.ingest.protobuf.native import NativeOptions, max_schema
from hivesight.ingest.protocol import ContentTypeError, ScrapeProtocol, protocol_of
from hivesight.ingest.series_cache import SeriesCache
from hivesight.sources.config import ScrapeConfig
from hivesight.sources.fetch import Fetched, Outcome, ScrapeError

_TITLE: Final = re.compile(rb"<title[^>]*>([^<]*)", re.IGNORECASE)


class BodyError(ScrapeError):
    """The body cannot be read. samples: how many stand before the fault."""

    def __init__(self, outcome: Outcome, message: str, samples: int = 0) -> None:
        super().__init__(outcome, message)
        self.samples = samples


class BodyReader:
    """cache: the target's series by id; whoever reads bodies resolves those that are fresh."""

    def __init__(self, config: ScrapeConfig) -> None:
        self.cache = SeriesCache()
        self._fallback = config.fallback_scrape_protocol
        keep_classic, limit = bool(config.always_scrape_classic_histograms), config.native_histogram_bucket_limit
        self._native = NativeOptions(
            wanted=bool(config.scrape_native_histograms),
            keep_classic=keep_classic,
            bucket_limit=limit,
            max_schema=max_schema(config.native_histogram_min_bucket_factor),
        )
        self._convert = (
            CustomBuckets(self.cache, keep_classic=keep_classic, bucket_limit=limit)
            if config.convert_classic_histograms_to_nhcb
            else None
        )

    def read(self, fetched: Fetched) -> Parsed:
        """The samples of a body. Raises BodyError."""
        try:
            protocol = protocol_of(fetched.content_type, self._fallback)
            if protocol is ScrapeProtocol.PROTO:
                return parse_protobuf(self.cache, fetched.body, self._native, convert=self._convert)
            return parse(self.cache, fetched.body, openmetrics=protocol.openmetrics, convert=self._convert)
        except ContentTypeError as error:
            raise BodyError(Outcome.CONTENT_TYPE, _with_hint(str(error), fetched)) from None
        except ExpositionError as error:
            raise BodyError(Outcome.SYNTAX, _with_hint(str(error), fetched), error.samples) from None


def _with_hint(message: str, fetched: Fetched) -> str:
    """The message, with the first words of the body where that is a web page."""
    start = fetched.body[:2000].lstrip()
    if not start.startswith(b"<") and not fetched.content_type.strip().lower().startswith("text/html"):
        return message
    title = _TITLE.search(start)
    text = " ".join((title[1] if title else start[:80]).decode("utf-8", "replace").split())[:80]
    return f"body is HTML, not metrics: {text!r} ({message})"
