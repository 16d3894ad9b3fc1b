"""What scraping costs: CPU time per scrape of a body of 100,000 lines, here and in a Prometheus on PATH, in one run.

python bench/scrape_vs_prometheus.py [lines] [scrapes]

Both scrape the same server once a second, in turn, so that neither disturbs the other. The first scrapes, in which
series are new, are left out. Prints the CPU of both and the ratio; without a Prometheus only ours.
"""

import argparse
import http.server
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import psutil

WARM_SECONDS = 12


def body(lines: int, turn: int) -> bytes:
    """Counters and gauges with four labels, as an exporter of a busy machine writes them; values change every time."""
    text: list[str] = []
    for metric in range(lines // 100):
        kind = "counter" if metric % 2 else "gauge"
        name = f"bench_metric_{metric}{'_total' if metric % 2 else ''}"
        text.append(f"# HELP {name} A metric.\n# TYPE {name} {kind}\n")
        text += [
            f'{name}{{device="sd{row}",mode="read",zone="eu-1",method="GET"}} {turn * 17 + row * 1.25}\n'
            for row in range(100)
        ]
    return "".join(text).encode()


class Target:
    """Serves the next body at each scrape."""

    def __init__(self, lines: int) -> None:
        bodies = [body(lines, turn) for turn in range(3)]
        target = self
        self.scrapes = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                target.scrapes += 1
                text = bodies[target.scrapes % 3]
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


def measure(command: list[str], ready: str, target: Target, scrapes: int) -> tuple[float, float]:
    """CPU seconds per scrape, and resident memory in MB at the end."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        watched = psutil.Process(process.pid)
        for _ in range(100):
            try:
                urllib.request.urlopen(ready)
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(WARM_SECONDS)
        before, first = sum(watched.cpu_times()[:2]), target.scrapes
        while target.scrapes < first + scrapes:
            time.sleep(0.05)
        cpu = sum(watched.cpu_times()[:2]) - before
        return cpu / (target.scrapes - first), watched.memory_info().rss / 1e6
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", nargs="?", type=int, default=100_000, help="of the body (default 100,000)")
    parser.add_argument("scrapes", nargs="?", type=int, default=20, help="that are measured (default 20)")
    options = parser.parse_args()
    lines, scrapes = options.lines, options.scrapes
    target = Target(lines)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "prometheus.yml"
        file.write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1h}\n"
            f"scrape_configs: [{{job_name: bench, static_configs: [{{targets: ['{target.address}']}}]}}]\n"
        )
        ours = [
            sys.executable,
            "-m",
            "hivesight",
            "up",
            "--listen",
            "127.0.0.1:9670",
            "--otlp-http",
            "off",
            "--otlp-grpc",
            "off",
        ]
        ours += ["--data", f"{folder}/ours", "--prometheus-config", str(file)]
        cpu, rss = measure(ours, "http://127.0.0.1:9670/-/ready", target, scrapes)
        print(f"hivesight   {cpu * 1000:7.1f} ms CPU a scrape of {lines} lines, {rss:6.0f} MB resident")
        prometheus = shutil.which("prometheus")
        if prometheus is None:
            print("no prometheus on PATH: nothing to compare with")
            return
        theirs = [prometheus, f"--config.file={file}", f"--storage.tsdb.path={folder}/theirs"]
        theirs += ["--web.listen-address=127.0.0.1:9671", "--log.level=error"]
        their_cpu, their_rss = measure(theirs, "http://127.0.0.1:9671/-/ready", target, scrapes)
        print(f"prometheus  {their_cpu * 1000:7.1f} ms CPU a scrape of {lines} lines, {their_rss:6.0f} MB resident")
        print(f"prometheus / hivesight: {their_cpu / cpu:.2f} x CPU, {their_rss / rss:.2f} x memory")


if __name__ == "__main__":
    main()
