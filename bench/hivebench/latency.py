"""How long it takes from the sample that crosses a threshold to the webhook."""

import http.server
import random
import threading
import time
from collections.abc import Sequence

import numpy as np

from hivebench.alerts import configuration
from hivebench.remote_write import Sender, labels_of, request
from hivebench.servers import Server, hivesight
from hivebench.webhook import Receiver, receiver

INTERVAL_SECONDS = 1.0


class _Target:
    """A scraped target with one gauge per trial. crossed: by trial, when its value was first served above 1."""

    def __init__(self) -> None:
        self.high: set[int] = set()
        self.crossed: dict[int, float] = {}
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                high = set(target.high)
                now = time.time()
                for trial in high:
                    target.crossed.setdefault(trial, now)
                lines = [f'hot{{number="{trial}"}} 2\n' for trial in high] or ["cold 1\n"]
                body = "".join(lines).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def crossings(scraped: bool, for_seconds: int, wait_seconds: int, trials: int, chance: random.Random) -> list[float]:
    """Seconds beyond `for`, `group_wait` and one evaluation interval, of each trial; each at a moment of its own
    within the interval. Every trial is a series, an alert and a group of its own."""
    target = _Target()
    prometheus = "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
    if scraped:
        prometheus += f"scrape_configs: [{{job_name: bench, static_configs: [{{targets: ['{target.address}']}}]}}]\n"
    rules = f"groups: [{{name: bench, rules: [{{alert: Hot, expr: hot > 1, for: {for_seconds}s}}]}}]\n"
    with receiver() as hook:
        routing = configuration(hook.url, ("number",), wait=f"{wait_seconds}s")
        with hivesight(prometheus, alertmanager=routing, rules=rules) as server:
            time.sleep(2)
            crossed = _scraped(target, trials, chance) if scraped else _written(server, trials, chance)
            first = _arrivals(hook, trials)
    target.close()
    allowed = for_seconds + wait_seconds + INTERVAL_SECONDS
    return [first[str(trial)] - crossed[trial] - allowed for trial in range(trials)]


def _scraped(target: _Target, trials: int, chance: random.Random) -> dict[int, float]:
    for trial in range(trials):
        target.high.add(trial)
        time.sleep(0.3 + chance.random())
    time.sleep(2)
    return target.crossed


def _written(server: Server, trials: int, chance: random.Random) -> dict[int, float]:
    sender = Sender(server.url)
    crossed: dict[int, float] = {}
    for trial in range(trials):
        now = crossed[trial] = time.time()
        labels: Sequence[tuple[str, str]] = [("__name__", "hot"), ("number", str(trial))]
        sender.send(request([labels_of(labels)], np.array([int(now * 1000)]), np.array([[2.0]])))
        time.sleep(0.3 + chance.random())
    sender.close()
    return crossed


def _arrivals(hook: Receiver, trials: int) -> dict[str, float]:
    found = hook.wait_for(trials, 30)
    if len(found.first) < trials:
        raise SystemExit(f"{len(found.first)} of {trials} alerts arrived")
    return found.first
