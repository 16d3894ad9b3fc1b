"""Processors in the order in which they protect the Collector (OpenTelemetry, "Collector configuration best
practices" and the processors' own advice)."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.collector.pipelines import Collector, Pipeline
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child
from hivesight.doctor.rule_files import at

_LIMITER, _BATCH = "memory_limiter", "batch"
_FEWER: Final = frozenset(("probabilistic_sampler", "filter"))
"""Processors after which there is less to put into batches."""
_KEEPS: Final = frozenset((_BATCH, "tail_sampling", "groupbytrace", "interval", "deltatocumulative"))
"""Processors that answer before the data have left the Collector."""


def findings(collector: Collector) -> Iterator[Finding]:
    """Of the pipelines of one file."""
    for pipeline in collector.pipelines:
        if all(use.name in collector.defined["connectors"] for use in pipeline.of("receivers")):
            continue  # another pipeline before it has limited and batched
        yield from _limited(collector, pipeline)
        yield from _batched(collector, pipeline)


def _limited(collector: Collector, pipeline: Pipeline) -> Iterator[Finding]:
    loaded, processors = collector.document.loaded, pipeline.of("processors")
    types = [use.type for use in processors]
    if _LIMITER not in types:
        message = f"{pipeline.name} has no {_LIMITER}: a burst, or a slow backend, ends the Collector out of memory"
        remedy = f"processors: [{_LIMITER}, ...], first of all"
        yield at(loaded, pipeline.location, "collector/no-memory-limiter", message, remedy, on_key=True)
    elif types[0] != _LIMITER:
        use = processors[types.index(_LIMITER)]
        before = types[: types.index(_LIMITER)]
        keeper = next((each for each in before if each in _KEEPS), None)
        if keeper is not None:
            message = f"{_LIMITER} refuses data after {keeper} has taken them: nobody sends them again"
            code = "collector/late-memory-limiter"
        else:
            message = f"{_LIMITER} refuses data after {before[0]} has worked on them"
            code = "collector/memory-limiter-not-first"
        yield at(loaded, use.location, code, message, "the first of the processors")


def _batched(collector: Collector, pipeline: Pipeline) -> Iterator[Finding]:
    loaded, processors = collector.document.loaded, pipeline.of("processors")
    types = [use.type for use in processors]
    if _BATCH not in types:
        if any(_batches(collector, use.name) for use in pipeline.of("exporters")):
            return
        message = f"{pipeline.name} has no {_BATCH}: each small request from outside becomes one to the backend"
        remedy = "processors: [..., batch], or sending_queue.batch in the exporters"
        yield at(loaded, pipeline.location, "collector/no-batch", message, remedy, on_key=True)
        return
    early = types.index(_BATCH)
    after = next((each for each in types[early + 1 :] if each in _FEWER), None)
    if after is not None:
        message = f"{after} after batch takes out of the batches what they were made of"
        yield at(loaded, processors[early].location, "collector/early-batch", message, f"batch after {after}")


def _batches(collector: Collector, exporter: str) -> bool:
    """Whether an exporter makes batches in its own queue."""
    settings = collector.defined["exporters"].get(exporter)
    return settings is not None and child(settings, "sending_queue", "batch") is not None
