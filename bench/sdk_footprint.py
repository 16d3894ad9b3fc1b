"""What the SDK costs a process that does nothing: resident memory by step, and CPU at idle, over the bare interpreter.

python bench/sdk_footprint.py [--seconds N] [--json FILE]

Everything is on: endpoint, host and process resources, JSON logs, performance monitor, one call of each tracker, a
scrape, and, where OpenTelemetry's SDK is installed, spans that go to a server of this program. For Linux (/proc).
"""

import argparse
import json
import statistics
import subprocess
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from hivebench.report import table, write_json

PRELUDE = """
import sys, time
steps = []
def step(name):
    with open("/proc/self/status") as status:
        kib = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    steps.append((name, kib / 1024))
def idle(seconds):
    cpu, wall = time.process_time(), time.perf_counter()
    time.sleep(seconds)
    return (time.process_time() - cpu) / (time.perf_counter() - wall) * 100
"""
BARE = """
step("bare interpreter")
"""
EVERYTHING = """
import prometheus_client
step("prometheus_client")
import psutil
step("psutil")
import hivesight_sdk as sdk
from hivesight_sdk import agent, configure, handoff, model_call, tool, track_task, workflow
step("trackers")
sdk.configure_logging()
step("JSON logs")
monitor = sdk.PerformanceMonitor()
monitor.start()
step("performance monitor")
configured = sdk.configure("bench", metrics_port=0, endpoint={endpoint!r})
step("configure: endpoint, resources, spans")
import logging, urllib.request
for tracker in (agent("a"), workflow("w"), tool("t"), model_call("p", "m"), track_task("a"), handoff("a", "b")):
    tracker(logging.getLogger("bench").warning)("work")
urllib.request.urlopen(f"http://127.0.0.1:{{configured.metrics_port}}/metrics").read()
step("calls, and a scrape")
"""
REPORT = """
import json
print(json.dumps([steps, idle({seconds})]))
"""


class Taking(BaseHTTPRequestHandler):
    """Takes what is posted and answers 200."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def run(program: str) -> tuple[list[tuple[str, float]], float]:
    """The steps of a program with MB resident after each, and CPU at idle in percent of a core."""
    done = subprocess.run([sys.executable, "-c", PRELUDE + program], capture_output=True, text=True, check=True)
    steps, idle_percent = json.loads(done.stdout)
    return steps, idle_percent


def everything(seconds: float) -> tuple[list[tuple[str, float]], float]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        figures = run(EVERYTHING.format(endpoint=endpoint) + REPORT.format(seconds=seconds))
        server.shutdown()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to idle (%(default)s)")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    bare_mb = statistics.median(run(BARE + REPORT.format(seconds=0.1))[0][0][1] for _ in range(5))
    steps, idle_percent = everything(arguments.seconds)
    rows = [("bare interpreter", bare_mb, 0.0), *((name, mb, mb - bare_mb) for name, mb in steps)]
    print(table(("resident after", "MB", "MB over bare"), rows))
    print(f"\nCPU at idle: {idle_percent:.2f} % of a core")
    figures: Mapping[str, Any] = {"bare_mb": bare_mb, "mb": dict(steps), "idle_percent": idle_percent}
    write_json(arguments.json, figures)


if __name__ == "__main__":
    main()
