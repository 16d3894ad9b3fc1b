"""What tests of traces share: a provider in memory, on which tracked runs open their spans."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hivesight_sdk import spans as seam
from hivesight_sdk.tracing.processor import HiveSpans
from hivesight_sdk.tracing.runs import opener


class Spans:
    """What has ended so far."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def all(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def names(self) -> list[str]:
        return [span.name for span in self.all()]

    def one(self, name: str) -> ReadableSpan:
        (found,) = (span for span in self.all() if span.name == name)
        return found

    def parent_of(self, name: str) -> str | None:
        parent = self.one(name).parent
        if parent is None:
            return None
        (found,) = (span.name for span in self.all() if span.context.span_id == parent.span_id)
        return found


@pytest.fixture
def provider() -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(HiveSpans())
    return provider


@pytest.fixture(params=[False, True], ids=["provider of the host", "provider of ours"])
def spans(request: pytest.FixtureRequest, provider: TracerProvider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(seam, "open_span", opener(provider.get_tracer("test"), ours=request.param))
    yield Spans(exporter)
    provider.shutdown()
