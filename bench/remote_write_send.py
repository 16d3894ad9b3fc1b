"""What sending samples on costs: CPU per sample of remote write, here and in a Prometheus on PATH, in one run.

python bench/remote_write_send.py [lines] [seconds]

Both scrape the same body once a second, in turn, first without and then with a receiver that answers at once; the
difference is what sending costs. Then the receiver is away for a while, and it is seen how fast what waited is sent.
Prints the CPU of both and the samples a second; without a Prometheus only ours.
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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from scrape_vs_prometheus import Target

WARM_SECONDS = 15
AWAY_SECONDS = 30


class Sink:
    """A receiver that forgets what it is sent. away: it answers 503 meanwhile."""

    def __init__(self) -> None:
        sink = self
        self.away = False
        self.requests = 0
        self.nbytes = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not sink.away:
                    sink.requests += 1
                    sink.nbytes += len(body)
                self.send_response(503 if sink.away else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}/api/v1/write"
        threading.Thread(target=server.serve_forever, daemon=True).start()


@contextmanager
def running(command: list[str], url: str) -> Iterator[psutil.Process]:
    """The program, past the scrapes in which series are new."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(url + "/-/ready")
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(WARM_SECONDS)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def cpu_a_scrape(watched: psutil.Process, target: Target, seconds: int) -> float:
    """CPU seconds."""
    before, first = sum(watched.cpu_times()[:2]), target.scrapes
    time.sleep(seconds)
    return (sum(watched.cpu_times()[:2]) - before) / (target.scrapes - first)


def lag_seconds(url: str) -> float:
    """How far what was sent is behind what was stored."""
    text = urllib.request.urlopen(url + "/metrics").read().decode()

    def value(name: str) -> float:
        lines = [line for line in text.splitlines() if line.startswith(f"prometheus_remote_storage_{name}")]
        return max(float(line.split()[-1]) for line in lines)

    return value("highest_timestamp_in_seconds") - value("queue_highest_sent_timestamp_seconds")


def catch_up(url: str, sink: Sink, lines: int) -> float:
    """Samples a second while what waited is sent."""
    sink.away = True
    time.sleep(AWAY_SECONDS)
    sink.away, began = False, time.monotonic()
    while lag_seconds(url) > 2:
        time.sleep(0.05)
    took = time.monotonic() - began
    return (AWAY_SECONDS + took) * lines / took


def measure(name: str, plain: list[str], sends: list[str], url: str, target: Target, lines: int, seconds: int) -> float:
    """Prints what one program takes; CPU seconds per sample of sending."""
    with running(plain, url) as watched:
        without = cpu_a_scrape(watched, target, seconds)
    sink = SINK
    with running(sends, url) as watched:
        requests, nbytes, scrapes = sink.requests, sink.nbytes, target.scrapes
        sending = cpu_a_scrape(watched, target, seconds) - without
        sent = (target.scrapes - scrapes) * lines
        print(
            f"{name:11} {sending / lines * 1e6:6.2f} us CPU a sample sent, "
            f"{without * 1000:.0f} ms a scrape without sending, "
            f"{(sink.nbytes - nbytes) / sent:.1f} bytes a sample in {sink.requests - requests} requests, "
            f"{watched.memory_info().rss / 1e6:.0f} MB resident",
            flush=True,
        )
        print(f"{name:11} {catch_up(url, sink, lines):9.0f} samples/s after {AWAY_SECONDS} s away", flush=True)
    return sending / lines


SINK = Sink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", nargs="?", type=int, default=20_000, help="of the body (default 20,000)")
    parser.add_argument("seconds", nargs="?", type=int, default=20, help="that are measured (default 20)")
    options = parser.parse_args()
    target = Target(options.lines)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "plain.yml", Path(folder) / "sends.yml"]
        text = (
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1h}\n"
            f"scrape_configs: [{{job_name: bench, static_configs: [{{targets: ['{target.address}']}}]}}]\n"
        )
        files[0].write_text(text)
        files[1].write_text(f"{text}remote_write: [{{url: '{SINK.url}'}}]\n")
        ours = [*(sys.executable, "-m", "hivesight", "up", "--listen", "127.0.0.1:9670")]
        ours += ["--otlp-http", "off", "--otlp-grpc", "off"]
        commands = [[*ours, "--data", f"{folder}/ours-{each.stem}", "--prometheus-config", str(each)] for each in files]
        own = measure("hivesight", *commands, "http://127.0.0.1:9670", target, options.lines, options.seconds)
        prometheus = shutil.which("prometheus")
        if prometheus is None:
            print("no prometheus on PATH: nothing to compare with")
            return
        theirs = [prometheus, "--web.listen-address=127.0.0.1:9671", "--log.level=error"]
        commands = [
            [*theirs, f"--config.file={each}", f"--storage.tsdb.path={folder}/theirs-{each.stem}"] for each in files
        ]
        other = measure("prometheus", *commands, "http://127.0.0.1:9671", target, options.lines, options.seconds)
        print(f"prometheus / hivesight: {other / own:.2f} x CPU of sending")


if __name__ == "__main__":
    main()
