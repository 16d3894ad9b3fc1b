"""What questions cost: CPU and wall time of range queries, here and in a Prometheus, on the same data in one run.

Both servers get 1,000 series of 6 h and then 10,000 series of 1 h by remote write, and answer in turn. A ratio above
one says how many times more CPU Prometheus took.
"""

import argparse
import statistics
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson

from hivebench.fleet import Span, last_minute_ms, load
from hivebench.report import table, write_json
from hivebench.servers import Server, both, find_prometheus
from hivebench.shapes import SHAPES

DATA: Final = ((1_000, 6), (10_000, 1))
STEPS_SECONDS: Final = (15, 60)
_MOST_RUNS: Final = 50


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one question to one server: means and medians of the runs, and what came back."""

    cpu_ms: float
    wall_ms: float
    series: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Row:
    series: int
    hours: int
    step_seconds: int
    kind: str
    query: str
    costs: dict[str, Cost]

    @property
    def ratio(self) -> float | None:
        """CPU of the other server by ours."""
        if len(self.costs) < 2:
            return None
        ours, theirs = self.costs.values()
        return theirs.cpu_ms / ours.cpu_ms if ours.cpu_ms else None


def ask(server: Server, query: str, span: Span, step_seconds: int) -> bytes:
    """The whole answer to a range query over the span."""
    wanted = {"query": query, "start": span.start_ms / 1000, "end": span.end_ms / 1000, "step": step_seconds}
    with urllib.request.urlopen(f"{server.url}/api/v1/query_range?{urllib.parse.urlencode(wanted)}") as answer:
        return bytes(answer.read())


def cost(server: Server, query: str, span: Span, step_seconds: int, seconds: float) -> Cost:
    """Asks again and again for so long, since the kernel counts CPU in ticks of 10 ms."""
    answer = ask(server, query, span, step_seconds)
    walls: list[float] = []
    until, before = time.monotonic() + seconds, server.cpu_seconds()
    while len(walls) < 3 or (time.monotonic() < until and len(walls) < _MOST_RUNS):
        began = time.perf_counter()
        ask(server, query, span, step_seconds)
        walls.append(time.perf_counter() - began)
    cpu = (server.cpu_seconds() - before) / len(walls)
    found = len(orjson.loads(answer)["data"]["result"])
    return Cost(cpu * 1000, statistics.median(walls) * 1000, found, len(answer))


def measure(servers: Sequence[Server], series: int, hours: int, span: Span, seconds: float) -> list[Row]:
    """All questions at all steps."""
    rows: list[Row] = []
    for step in STEPS_SECONDS:
        for kind, query in SHAPES:
            costs = {server.name: cost(server, query, span, step, seconds) for server in servers}
            rows.append(Row(series, hours, step, kind, query, costs))
            if len({each.series for each in costs.values()}) > 1:
                print(f"the answers differ in their series: {query} at {step} s")
    return rows


def show(rows: Sequence[Row], names: Sequence[str]) -> None:
    """Every question, then the median ratio of each class."""
    heads = ["query", "series", "step s", *(f"{name} CPU ms" for name in names)]
    heads += [*(f"{name} wall ms" for name in names), "ratio CPU"]
    lines = [
        [
            row.query,
            row.series,
            row.step_seconds,
            *(row.costs[name].cpu_ms for name in names),
            *(row.costs[name].wall_ms for name in names),
            row.ratio,
        ]
        for row in rows
    ]
    print(table(heads, lines))
    medians = [
        [kind, *_medians([row for row in rows if row.kind == kind])] for kind in dict.fromkeys(r.kind for r in rows)
    ]
    print("\n" + table(["class", "queries", "median ratio CPU", "least", "median ratio wall"], medians))


def _medians(rows: Sequence[Row]) -> list[object]:
    ratios = [row.ratio for row in rows if row.ratio is not None]
    walls = [
        theirs.wall_ms / ours.wall_ms for ours, theirs in (row.costs.values() for row in rows if len(row.costs) > 1)
    ]
    if not ratios:
        return [len(rows), None, None, None]
    return [len(rows), statistics.median(ratios), min(ratios), statistics.median(walls)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prometheus", help="the binary to compare with; otherwise that of the environment or of PATH")
    parser.add_argument(
        "--seconds", type=float, default=0.4, help="how long each question is asked again (default 0.4)"
    )
    parser.add_argument("--small", action="store_true", help="a tenth of the series: a look in half a minute")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    rows: list[Row] = []
    for count, hours in DATA:
        series = count // 10 if options.small else count
        span = Span(last_minute_ms(), hours * 240 + 1)
        with both(find_prometheus(options.prometheus)) as servers:
            print(f"\n{series} series of {hours} h at 15 s")
            ready = load(servers, series, span)
            for server in ready:
                server.settle()
            found = measure(ready, series, hours, span, options.seconds)
        show(found, [server.name for server in ready])
        rows += found
    write_json(options.json, [{**asdict(row), "ratio_cpu": row.ratio} for row in rows])


if __name__ == "__main__":
    main()
