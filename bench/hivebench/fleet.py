"""What is measured on: the series of a fleet of agents, the same on every run, and how they are loaded."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivebench.remote_write import Label, NoReceiver, Sender, labels_of, request
from hivebench.servers import Server

BUCKETS: Final = ("0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60", "+Inf")
# 2,000 samples is what Prometheus sends at once by default; loading in larger bites takes less time.
_SAMPLES_A_REQUEST: Final = 50_000
# Prometheus refuses what is more than an hour older than its newest sample, so no series runs ahead of another.
_SAMPLES_A_STRIDE: Final = 120


@dataclass(frozen=True, slots=True)
class Span:
    """The times of a data set. The last sample is at end_ms."""

    end_ms: int
    samples: int
    interval_ms: int = 15_000

    @property
    def start_ms(self) -> int:
        return self.end_ms - (self.samples - 1) * self.interval_ms

    def times(self, first: int, count: int) -> NDArray[np.int64]:
        return self.start_ms + np.arange(first, first + count, dtype=np.int64) * self.interval_ms


def last_minute_ms() -> int:
    """The last full minute, where data sets end: both servers only take samples of recent hours."""
    return int(time.time()) // 60 * 60_000


def fleet(series: int) -> list[list[Label]]:
    """The labels: of ten series four are counters, two are gauges, and four belong to histograms of ten buckets."""
    labels: list[list[Label]] = []
    for number in range(series):
        group, member = divmod(number, 100)
        agent = f"agent-{group:04d}"
        common = [("job", f"hive-{group % 4}"), ("instance", f"10.0.{group // 250}.{group % 250}:9100")]
        common.append(("agent", agent))
        if member < 40:
            name, own = "bench_requests_total", [("method", f"m{member % 5}"), ("status", str(200 + member // 5))]
        elif member < 60:
            name, own = "bench_queue_length", [("queue", f"q{member - 40}")]
        else:
            route, bucket = divmod(member - 60, len(BUCKETS))
            name, own = "bench_latency_seconds_bucket", [("route", f"r{route}"), ("le", BUCKETS[bucket])]
        labels.append([("__name__", name), *common, *own])
    return labels


def blocks(series: int, samples: int, stride: int) -> Iterator[NDArray[np.float64]]:
    """The values, so many samples of all series at a time: (series, stride). Some counters start anew at times."""
    random = np.random.default_rng(7)
    member = np.arange(series) % 100
    gauge = (member >= 40) & (member < 60)
    rate = np.where(member >= 60, 1 + (member - 60) % len(BUCKETS), 1 + member % 7).astype(np.float64)
    resetting = np.flatnonzero((member < 40) & (np.arange(series) % 50 == 1))
    level = np.floor(random.random(series) * 1000)
    for first in range(0, samples, stride):
        count = min(stride, samples - first)
        steps = random.poisson(rate[:, None] * 3, (series, count)).astype(np.float64)
        found = level[:, None] + steps.cumsum(axis=1)
        level = found[:, -1].copy()
        level[resetting] = 0
        found[gauge] = np.round(50 + 20 * random.standard_normal((int(gauge.sum()), count)), 2)
        yield found


def load(servers: list[Server], series: int, span: Span) -> list[Server]:
    """Gives the data to every server, and says which took them: one that has no receiver is left out."""
    encoded = [labels_of(each) for each in fleet(series)]
    senders = {server.name: (server, Sender(server.url)) for server in servers}
    stride = min(_SAMPLES_A_STRIDE, span.samples)
    rows = max(_SAMPLES_A_REQUEST // stride, 1)
    first = 0
    for values in blocks(series, span.samples, stride):
        times = span.times(first, values.shape[1])
        first += values.shape[1]
        for row in range(0, series, rows):
            body = request(encoded[row : row + rows], times, values[row : row + rows])
            for name, (_, sender) in list(senders.items()):
                try:
                    sender.send(body)
                except NoReceiver as error:
                    print(f"{name} is left out: {error}")
                    del senders[name]
    for _, sender in senders.values():
        sender.close()
    return [server for server, _ in senders.values()]
