"""Times the reading of remote write requests: a series with one sample each, as a Prometheus sends them that scrapes.

    python bench/remote_write_decode.py [--series 10000] [--requests 20]

Prints microseconds of CPU a series, of 1.0 and 2.0: of the first request, in which all series are new, and of the later
ones, decompression included. The store is one that takes everything and costs next to nothing."""

import argparse
import struct
import time
from collections.abc import Mapping, Sequence

import cramjam
import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from hivesight.ingest.remote_write import Encoding, Message, Receiver
from hivesight.model.batch import Exemplar, Samples, Verdicts
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata

START_MS = 1_700_000_000_000


class Taking:
    """A store that takes everything."""

    def __init__(self) -> None:
        self.refs: dict[Labels, int] = {}

    def register(self, labels: Sequence[Labels]) -> NDArray[np.int32]:
        return np.array([self.refs.setdefault(each, len(self.refs)) for each in labels], dtype=np.int32)

    def append(self, samples: Samples) -> Verdicts:
        return np.zeros(len(samples), dtype=np.int8)

    def keep_exemplars(self, exemplars: Sequence[Exemplar]) -> int:
        return len(exemplars)

    def describe(self, metadata: Mapping[str, Metadata]) -> None:
        pass


def varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def blob(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def labels_of(row: int) -> dict[str, str]:
    """Ten labels, about 240 bytes on the wire of 1.0."""
    return {
        "__name__": "container_cpu_usage_seconds_total",
        "cluster": "production-eu-west-1",
        "container": "agent",
        "cpu": f"cpu{row % 100:02}",
        "image": "registry.example.com/hive/agent:2025.11.3",
        "instance": f"10.0.{row // 25_600}.{row // 100 % 256}:9100",
        "job": "kubelet",
        "namespace": f"hive-{row % 20}",
        "node": f"node-{row % 50}.example.com",
        "pod": f"agent-{row // 100:06x}",
    }


def sample(row: int, time_ms: int) -> bytes:
    value = struct.pack("<d", row * 1.5) if row % 4 else b""
    return (b"\x09" + value if value else b"") + b"\x10" + varint(time_ms)


def version1(series: int, time_ms: int) -> bytes:
    rows: list[bytes] = []
    for row in range(series):
        pairs = (blob(1, blob(1, name.encode()) + blob(2, value.encode())) for name, value in labels_of(row).items())
        rows.append(blob(1, b"".join(pairs) + blob(2, sample(row, time_ms))))
    return b"".join(rows)


def version2(series: int, time_ms: int) -> bytes:
    symbols = {"": 0}
    rows: list[bytes] = []
    first = time_ms // 15_000 % series
    for row in [*range(first, series), *range(first)]:
        pairs = labels_of(row).items()
        references = b"".join(varint(symbols.setdefault(text, len(symbols))) for pair in pairs for text in pair)
        text = symbols.setdefault("Seconds of CPU time used.", len(symbols))
        said = b"\x08\x01\x18" + varint(text) + b"\x20\x00"
        rows.append(blob(5, blob(1, references) + blob(2, sample(row, time_ms)) + blob(5, said)))
    return b"".join(blob(4, each.encode()) for each in symbols) + b"".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=20)
    arguments = parser.parse_args()
    for message, encode in ((Message.V1, version1), (Message.V2, version2)):
        receiver = Receiver(Taking(), CollectorRegistry())
        spent: list[float] = []
        size = 0
        for number in range(arguments.requests + 1):
            raw = encode(arguments.series, START_MS + number * 15_000)
            body, size = bytes(cramjam.snappy.compress_raw(raw)), len(raw)
            began = time.process_time()
            outcome = receiver.receive(body, message, Encoding.SNAPPY)
            spent.append((time.process_time() - began) / arguments.series * 1e6)
            assert outcome.samples == arguments.series, outcome
        later = sorted(spent[1:])
        print(
            f"{message}: {size / arguments.series:.0f} bytes a series; new {spent[0]:.2f} us, "
            f"known {later[len(later) // 2]:.2f} us (fastest {later[0]:.2f})"
        )


if __name__ == "__main__":
    main()
