"""Receives remote write: the body of a request becomes samples in the store, and what could not be stored an answer
that says so. Who serves HTTP calls `receive` in a thread."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

import numpy as np
from prometheus_client import CollectorRegistry

from hivesight.ingest.ports import PushStore
from hivesight.ingest.remote_write import version1, version2
from hivesight.ingest.remote_write.assembly import Assembly, assembled
from hivesight.ingest.remote_write.compression import decompressed
from hivesight.ingest.remote_write.errors import RefusedRequest
from hivesight.ingest.remote_write.histograms import histograms_of
from hivesight.ingest.remote_write.known import NEW, Known, Symbols
from hivesight.ingest.remote_write.media import Encoding, Message
from hivesight.ingest.remote_write.outcome import BAD_LABELS, REASONS, Outcome, Refusals, RemoteWriteMetrics
from hivesight.ingest.remote_write.request import BadSeries, Request, doubles_of, numbers_of
from hivesight.ingest.remote_write.wire import Buffer, Places
from hivesight.model.batch import Exemplar, Verdict, Verdicts
from hivesight.model.errors import StorageError
from hivesight.model.labels import Labels

MAX_BODY_BYTES: Final = 16 << 20
"""The most bytes of a body."""
MAX_MESSAGE_BYTES: Final = 32 << 20
"""The most bytes of a message, decompressed."""
MAX_KNOWN_BYTES: Final = 128 << 20
"""What is kept of series and of symbols between requests, each."""
_BAD: Final = -3
"""Stands for the ref of a series whose labels cannot be taken."""
_LONGEST_EXEMPLAR: Final = 128
"""The most characters of an exemplar's labels (OpenMetrics 1.0, "Exemplars")."""


class Receiver:
    """store: what takes the samples. Any thread may call."""

    def __init__(self, store: PushStore, registry: CollectorRegistry) -> None:
        self._metrics = RemoteWriteMetrics(registry)
        self._store = store
        self._known = {message: Known(MAX_KNOWN_BYTES) for message in Message}
        self._symbols = Symbols(MAX_KNOWN_BYTES)

    def receive(self, body: bytes, message: Message, encoding: Encoding) -> Outcome:
        """What became of the request. body: as it was sent, at most MAX_BODY_BYTES."""
        try:
            outcome = self._read(body, message, encoding)
        except RefusedRequest as error:
            return self.refused(error, message)
        except StorageError as error:
            self._metrics.refused.labels("unavailable").inc()
            outcome = Outcome(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        self._metrics.requests.labels(message, int(outcome.status)).inc()
        return outcome

    def refused(self, error: RefusedRequest, message: Message | None) -> Outcome:
        """The answer to a request of which nothing is taken; message: which one it was, where that is known."""
        self._metrics.refused.labels(error.reason).inc()
        self._metrics.requests.labels(message or "unknown", error.status).inc()
        return Outcome(error.status, str(error))

    def _read(self, body: bytes, message: Message, encoding: Encoding) -> Outcome:
        buffer, known = Buffer(decompressed(body, encoding, MAX_MESSAGE_BYTES)), self._known[message]
        if message is Message.V1:
            return self._stored(version1.read(buffer, known))
        return self._stored(version2.read(buffer, known, self._symbols))

    def _stored(self, request: Request) -> Outcome:
        histograms = histograms_of(request.buffer, request.histograms)
        refusals = Refusals()
        fresh = self._register(request, np.flatnonzero(request.refs == NEW), refusals)
        # Whatever may turn out to be malformed is read before anything is stored.
        examples, said = _exemplars(request), request.metadata(fresh)
        assembly = assembled(request, histograms, refusals)
        verdicts = self._append(request, assembly)
        exemplars = self._store.keep_exemplars(examples) if examples else 0
        if said:
            self._store.describe(said)
        _remember(request, fresh)
        _judge(request, assembly, verdicts, refusals)
        written = verdicts == Verdict.WRITTEN
        histogram_count = int((written & assembly.is_histogram).sum())
        status = HTTPStatus.BAD_REQUEST if refusals.examples else HTTPStatus.NO_CONTENT
        outcome = Outcome(status, refusals.text(), int(written.sum()) - histogram_count, histogram_count, exemplars)
        self._metrics.stored(outcome, refusals)
        return outcome

    def _register(self, request: Request, rows: Places, refusals: Refusals) -> dict[int, Labels]:
        """Gives these series their refs; the labels of those that can be taken, by row."""
        numbers: list[int] = rows.tolist()
        good: dict[int, Labels] = {}
        for row, labels in zip(numbers, request.labels(numbers), strict=True):
            if isinstance(labels, BadSeries):
                request.refs[row] = _BAD
                refusals.add(BAD_LABELS, 0, str(labels))
            else:
                good[row] = labels
        if good:
            request.refs[list(good)] = self._store.register(list(good.values()))
        return good

    def _append(self, request: Request, assembly: Assembly) -> Verdicts:
        """Stores the samples; those of series that the store has forgotten once more, under the refs they have then."""
        samples = assembly.samples(request.refs)
        if not len(samples):
            return np.zeros(0, dtype=np.int8)
        verdicts = self._store.append(samples)
        forgotten = verdicts == Verdict.UNKNOWN
        if not forgotten.any():
            return verdicts
        rows = np.unique(assembly.series[forgotten])
        fresh = self._register(request, rows, Refusals())
        again = assembly.rows(forgotten)
        verdicts = verdicts.copy()
        verdicts[forgotten] = self._store.append(again.samples(request.refs))
        if (verdicts == Verdict.UNKNOWN).any():
            raise StorageError("series were dropped while their samples came in: send the request again")
        _remember(request, fresh)
        return verdicts


def _remember(request: Request, fresh: Iterable[int]) -> None:
    """Notes the refs of these series for later requests. A limit that refuses one may be another one then."""
    for row in fresh:
        if request.refs[row] >= 0:
            request.remember(row, int(request.refs[row]))


def _judge(request: Request, assembly: Assembly, verdicts: Verdicts, refusals: Refusals) -> None:
    """Notes which samples the store did not take."""
    for verdict, (reason, words) in REASONS.items():
        places = np.flatnonzero(verdicts == verdict)
        if len(places):
            first = int(places[0])
            (labels,) = request.labels([int(assembly.series[first])])
            example = f"{words}, such as {str(labels)[:300]} at {int(assembly.times[first])} ms"
            refusals.add(reason, len(places), example)


def _exemplars(request: Request) -> list[Exemplar]:
    """The exemplars of series that are known, as they were sent. One that is wrong costs only itself, as with
    Prometheus."""
    found, count = request.exemplars, len(request.exemplars)
    if not count:
        return []
    rows: list[int] = np.unique(found.message).tolist()
    series = dict(zip(rows, request.labels(rows), strict=True))
    fields = request.buffer.fields(found.start, found.end)
    values, times = doubles_of(request.buffer, fields, 2, count), numbers_of(request.buffer, fields, 3, count)
    columns = zip(found.message.tolist(), request.exemplar_labels(), values.tolist(), times.tolist(), strict=True)
    return [
        Exemplar(own, labels, value, time_ms)
        for row, labels, value, time_ms in columns
        if isinstance(own := series[row], Labels) and request.refs[row] >= 0
        if isinstance(labels, Labels) and _length(labels) <= _LONGEST_EXEMPLAR
    ]


def _length(labels: Labels) -> int:
    return sum(len(name) + len(value) for name, value in labels.pairs)
