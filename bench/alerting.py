"""What alerting costs under load, here and in an Alertmanager: CPU, memory, lateness of webhooks, waits of the API.

python bench/alerting.py intake flush changes latency [--alertmanager BINARY]
"""

import argparse
import contextlib
import random
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from hivebench.alerts import Client, alerts, configuration, silence
from hivebench.latency import crossings
from hivebench.prober import Probes, latency, probing
from hivebench.report import table, write_json
from hivebench.servers import Server, alertmanager, find_alertmanager, hivesight
from hivebench.webhook import Receiver, receiver

Row = Mapping[str, object]

CONNECTIONS: Final = 4
"""Over which alerts are posted."""

NARROW: Final = (
    "/api/v2/status",
    "/api/v2/alerts?filter=number%3D%227%22",
    "/api/v2/silences",
    "/-/healthy",
    "/api/v2/alerts/groups?filter=number%3D%227%22",
)


class Bench:
    """Starts what is measured: ours, and the other one where there is one."""

    def __init__(self, binary: str | None, only: str | None) -> None:
        self._binary = binary
        self.names = [each for each in ("hivesight", "alertmanager") if only in (None, each)]
        if binary is None and "alertmanager" in self.names:
            print("no Alertmanager on PATH or in --alertmanager: ours is measured alone")
            self.names.remove("alertmanager")

    @contextlib.contextmanager
    def running(self, name: str, make: Callable[[str], str]) -> Generator[tuple[Server, Receiver]]:
        """make: the configuration for the address of the webhook."""
        with receiver() as hook:
            text = make(hook.url)
            started = hivesight(alertmanager=text) if name == "hivesight" else alertmanager(self._binary or "", text)
            with started as server:
                yield server, hook


def intake(bench: Bench, options: argparse.Namespace) -> Generator[Row]:
    """A thousand alerts a second, in posts of several sizes; all different, and the same again and again."""
    for size in (1, 64, 1000):
        for different in (options.seconds * options.rate, 2000):
            for name in bench.names:
                with bench.running(name, lambda url: configuration(url, ("alertname",), wait="1s", interval="15s")) as (
                    server,
                    hook,
                ):
                    yield _intake(server, hook, size, different, options)


def _intake(server: Server, hook: Receiver, size: int, different: int, options: argparse.Namespace) -> Row:
    total = options.seconds * options.rate
    bodies = [
        alerts(number % different for number in range(first, min(first + size, total)))
        for first in range(0, total, size)
    ]
    waits = list[float]()
    with probing(server.url, NARROW) as probes, ThreadPoolExecutor(CONNECTIONS) as senders:
        cpu, begun = server.cpu_seconds(), time.monotonic()

        def send(lane: int) -> None:
            client = Client(server.url)
            for number in range(lane, len(bodies), CONNECTIONS):
                time.sleep(max(0.0, begun + number * size / options.rate - time.monotonic()))
                sent = time.perf_counter()
                client.post_alerts(bodies[number])
                waits.append(time.perf_counter() - sent)

        list(senders.map(send, range(CONNECTIONS)))
        took = time.monotonic() - begun
        told = hook.wait_for(different, 60)
        cpu = server.cpu_seconds() - cpu
    shown = {each["labels"]["number"] for each in Client(server.url).get("/api/v2/alerts")}
    return {
        "server": server.name,
        "post": size,
        "different": different,
        "alerts/s": total / took,
        "CPU s": cpu,
        "post p95 ms": latency(waits).p95,
        "told": len(told.first),
        "shown": len(shown),
        "API p95 ms": probes.worst_p95,
        "API worst ms": max(each.worst for each in probes.latencies.values()),
        "peak MB": server.peak_rss_bytes() / 1e6,
        "_paths": _paths(probes),
    }


def store(bench: Bench, options: argparse.Namespace) -> Generator[Row]:
    """200,000 alerts, the most that is kept."""
    for name in bench.names:
        make = lambda url: configuration(url, ("alertname",), wait="1h", interval="1h")  # noqa: E731
        with bench.running(name, make) as (server, _):
            client = Client(server.url)
            bodies = [alerts(range(first, first + 1000)) for first in range(0, 200_000, 1000)]
            cpu = server.cpu_seconds()
            for body in bodies:
                client.post_alerts(body)
            cpu = server.cpu_seconds() - cpu
            rss = server.rss_bytes()
            begun = time.perf_counter()
            shown = len(client.get("/api/v2/alerts"))
            took = time.perf_counter() - begun
            yield {
                "server": name,
                "CPU s": cpu,
                "RSS MB": rss / 1e6,
                "shown": shown,
                "GET all s": took,
                "peak MB": server.peak_rss_bytes() / 1e6,
            }


GROUPINGS: Final = {
    "1 of 10000": ("job",),
    "100 of 100": ("third",),
    "10000 of 1": ("number",),
}


def flush(bench: Bench, options: argparse.Namespace) -> Generator[Row]:
    """10,000 alerts, 1,000 silences, 100 inhibition rules: how late the last webhook is after it was due."""
    for title, group_by in GROUPINGS.items():
        for name in bench.names:
            make = lambda url, by=group_by: configuration(url, by, wait="5s", inhibit_rules=100)  # noqa: E731
            with bench.running(name, make) as (server, hook):
                yield _flush(server, hook, title)


def _flush(server: Server, hook: Receiver, title: str) -> Row:
    client = Client(server.url)
    for number in range(1000):
        client.ask("POST", "/api/v2/silences", silence(number, instance=number % 2 == 0))
    cpu = server.cpu_seconds()
    begun = time.perf_counter()
    client.post_alerts(alerts(range(10_000)))
    posted = time.perf_counter() - begun
    time.sleep(max(0.0, 4.0 - posted))
    cpu = server.cpu_seconds()
    with probing(server.url, NARROW[:2] + NARROW[3:4]) as probes:
        told = hook.wait_for(9_500, 120)
    flushed = server.cpu_seconds() - cpu
    begun = time.perf_counter()
    shown = client.get("/api/v2/alerts")
    took = time.perf_counter() - begun
    due = max(datetime.fromisoformat(each["updatedAt"]).timestamp() for each in shown) + 5
    return {
        "server": server.name,
        "groups": title,
        "post of all s": posted,
        "told": len(told.first),
        "late s": told.last - due,
        "CPU s": flushed,
        "API p95 ms": probes.worst_p95,
        "API worst ms": max(each.worst for each in probes.latencies.values()),
        "GET all s": took,
        "peak MB": server.peak_rss_bytes() / 1e6,
        "_paths": _paths(probes),
    }


def changes(bench: Bench, options: argparse.Namespace) -> Generator[Row]:
    """While 10,000 alerts fire, 1,000 silences come one after another and go again; then a reload."""
    for name in bench.names:
        make = lambda url: configuration(url, ("third",), wait="1s", interval="2s", inhibit_rules=100)  # noqa: E731
        with bench.running(name, make) as (server, hook):
            client = Client(server.url)
            client.post_alerts(alerts(range(10_000)))
            hook.wait_for(10_000, 60)
            cpu = server.cpu_seconds()
            made, ended, ids = list[float](), list[float](), list[str]()
            with probing(server.url, NARROW) as probes:
                for number in range(1000):
                    begun = time.perf_counter()
                    ids.append(client.ask("POST", "/api/v2/silences", silence(number)).decode().split('"')[3])
                    made.append(time.perf_counter() - begun)
                muted = len(client.get("/api/v2/alerts?active=false"))
                for id_ in ids:
                    begun = time.perf_counter()
                    client.ask("DELETE", f"/api/v2/silence/{id_}")
                    ended.append(time.perf_counter() - begun)
            cpu = server.cpu_seconds() - cpu
            unmuted = len(client.get("/api/v2/alerts?active=false"))
            with probing(server.url, NARROW[:1] + NARROW[3:4]) as reloading:
                time.sleep(0.5)
                begun = time.perf_counter()
                client.ask("POST", "/-/reload")
                reload = time.perf_counter() - begun
                time.sleep(3)
            yield {
                "server": name,
                "POST p95 ms": latency(made).p95,
                "POST worst ms": latency(made).worst,
                "DELETE p95 ms": latency(ended).p95,
                "DELETE worst ms": latency(ended).worst,
                "muted": f"{muted} then {unmuted}",
                "CPU s": cpu,
                "API p95 ms": probes.worst_p95,
                "reload s": reload,
                "API worst ms, reload": max(each.worst for each in reloading.latencies.values()),
                "_paths": _paths(probes),
            }


def delay(bench: Bench, options: argparse.Namespace) -> Generator[Row]:
    """From the sample that crosses the threshold to the webhook, beyond `for`, `group_wait` and one evaluation."""
    for scraped in (False, True):
        for for_seconds in (0, 2):
            for wait_seconds in (0, 1):
                beyond = crossings(scraped, for_seconds, wait_seconds, options.trials, random.Random(7))
                yield {
                    "sample": "scraped" if scraped else "remote write",
                    "for s": for_seconds,
                    "group_wait s": wait_seconds,
                    "trials": len(beyond),
                    "median beyond ms": sorted(beyond)[len(beyond) // 2] * 1000,
                    "worst beyond ms": max(beyond) * 1000,
                }


def _paths(probes: Probes) -> dict[str, Any]:
    return {path: asdict(each) for path, each in probes.latencies.items()}


SCENARIOS: Final = {each.__name__: each for each in (intake, store, flush, changes, delay)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", default=[*SCENARIOS], help=f"of {', '.join(SCENARIOS)}; default all")
    parser.add_argument(
        "--alertmanager", help="the binary to compare with; otherwise that of the environment or of PATH"
    )
    parser.add_argument("--only", choices=("hivesight", "alertmanager"), help="measure one of the two")
    parser.add_argument("--seconds", type=int, default=60, help="of the intake (default 60)")
    parser.add_argument("--rate", type=int, default=1000, help="alerts a second of the intake (default 1000)")
    parser.add_argument("--trials", type=int, default=20, help="of each delay (default 20)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    bench = Bench(find_alertmanager(options.alertmanager), options.only)
    figures: dict[str, list[Row]] = {}
    for name in options.scenario:
        scenario = SCENARIOS[name]
        print(f"\n{name}: {scenario.__doc__}")
        rows = figures.setdefault(name, [])
        for row in scenario(bench, options):
            rows.append(row)
            print(f"  {row.get('server', 'hivesight')} ...", flush=True)
        heads = [head for head in rows[0] if not head.startswith("_")]
        print(table(heads, [[row[head] for head in heads] for row in rows]), flush=True)
        write_json(options.json, figures)


if __name__ == "__main__":
    main()
