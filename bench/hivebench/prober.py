"""Asks a server the same questions over and over from a process of its own, and says how long the answers took."""

import contextlib
import http.client
import multiprocessing
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final
from urllib.parse import urlsplit

PAUSE_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Latency:
    """In milliseconds."""

    count: int
    p50: float
    p95: float
    worst: float


def latency(seconds: Sequence[float]) -> Latency:
    found = sorted(each * 1000 for each in seconds) or [0.0]
    return Latency(len(seconds), found[len(found) // 2], found[int(len(found) * 0.95)], found[-1])


class Probes:
    """latencies: by path, once the block is left."""

    def __init__(self) -> None:
        self.latencies: Mapping[str, Latency] = {}

    @property
    def worst_p95(self) -> float:
        return max((each.p95 for each in self.latencies.values()), default=0.0)


@contextlib.contextmanager
def probing(url: str, paths: Sequence[str]) -> Generator[Probes]:
    """Each path in turn, one question at a time, while the block runs."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_probe, args=(url, paths, theirs), daemon=True)
    process.start()
    ours.recv()
    probes = Probes()
    try:
        yield probes
        ours.send("stop")
        probes.latencies = {path: latency(seconds) for path, seconds in ours.recv().items()}
    finally:
        process.kill()
        process.join()


def _probe(url: str, paths: Sequence[str], pipe: "Connection[Any, Any]") -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    found: dict[str, list[float]] = {path: [] for path in paths}
    pipe.send("ready")
    while not pipe.poll():
        for path in paths:
            begun = time.perf_counter()
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            found[path].append(time.perf_counter() - begun)
            if answer.status != 200:
                raise SystemExit(f"{path} answers {answer.status}")
            time.sleep(PAUSE_SECONDS)
    pipe.send(found)
