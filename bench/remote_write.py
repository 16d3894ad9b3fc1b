"""What taking remote write costs: CPU per sample, memory, and bytes on disk, here and in a Prometheus.

Both get the same requests in turn. With --long both then start again and take 48 million samples, to see what these
weigh in memory and on disk.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hivebench.fleet import Span, blocks, fleet, last_minute_ms, load
from hivebench.remote_write import NoReceiver, Sender, labels_of, request
from hivebench.report import table, write_json
from hivebench.servers import Server, both, find_prometheus


@dataclass(frozen=True, slots=True)
class Intake:
    """first_ns: CPU per sample of the first request, in which all series are new. ns: of all others."""

    server: str
    first_ns: float
    ns: float


@dataclass(frozen=True, slots=True)
class Weight:
    """What so many samples take once the server has come to rest."""

    server: str
    samples: int
    cpu_ns: float
    rss_mb: float
    disk_bytes_a_sample: float


def intake(server: Server, series: int, requests: int) -> Intake | None:
    """Every request has the next sample of every series; nothing where the server has no receiver."""
    encoded = [labels_of(each) for each in fleet(series)]
    span = Span(last_minute_ms(), requests + 1)
    bodies = [
        request(encoded, span.times(number, 1), values)
        for number, values in enumerate(blocks(series, requests + 1, stride=1))
    ]
    sender = Sender(server.url)
    marks = [server.cpu_seconds()]
    try:
        sender.send(bodies[0])
        marks.append(server.cpu_seconds())
        for body in bodies[1:]:
            sender.send(body)
    except NoReceiver as error:
        print(f"{server.name} is left out: {error}")
        return None
    finally:
        sender.close()
    marks.append(server.cpu_seconds())
    first, rest = marks[1] - marks[0], marks[2] - marks[1]
    return Intake(server.name, first / series * 1e9, rest / (series * requests) * 1e9)


def weigh(servers: list[Server], series: int, samples: int) -> list[Weight]:
    """Memory and disk after so many samples of each series, 15 s apart."""
    before = {server.name: server.cpu_seconds() for server in servers}
    taken = load(servers, series, Span(last_minute_ms(), samples))
    total = series * samples
    found: list[Weight] = []
    for server in taken:
        server.settle()
        cpu = (server.cpu_seconds() - before[server.name]) / total * 1e9
        found.append(Weight(server.name, total, cpu, server.rss_bytes() / 1e6, server.disk_bytes() / total))
    return found


def _ratio(figures: Sequence[float]) -> str:
    return f"{figures[1] / figures[0]:.2f} x" if len(figures) == 2 and figures[0] else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prometheus", help="the binary to compare with; otherwise that of the environment or of PATH")
    parser.add_argument("--series", type=int, default=10_000, help="series in each request (default 10000)")
    parser.add_argument("--requests", type=int, default=40, help="requests after the first (default 40)")
    parser.add_argument("--long", action="store_true", help="weigh 100,000 series of 2 h at 15 s too; takes minutes")
    parser.add_argument("--long-series", type=int, default=100_000, help="series of --long (default 100000)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    binary = find_prometheus(options.prometheus)
    with both(binary) as servers:
        costs = [cost for server in servers if (cost := intake(server, options.series, options.requests))]
    print(
        table(["server", "ns CPU/sample, new series", "ns CPU/sample"], [(c.server, c.first_ns, c.ns) for c in costs])
    )
    print(f"prometheus / hivesight, known series: {_ratio([cost.ns for cost in costs])}")
    weights: list[Weight] = []
    if options.long:
        with both(binary) as servers:
            weights = weigh(servers, options.long_series, 480)
        heads = ["server", "samples", "ns CPU/sample", "resident MB", "disk B/sample"]
        lines = [(w.server, w.samples, w.cpu_ns, w.rss_mb, w.disk_bytes_a_sample) for w in weights]
        print(table(heads, lines))
        print(f"prometheus / hivesight, memory: {_ratio([weight.rss_mb for weight in weights])}")
    write_json(options.json, {"intake": [asdict(c) for c in costs], "weight": [asdict(w) for w in weights]})


if __name__ == "__main__":
    main()
