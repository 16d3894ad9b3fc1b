"""Both servers as ordinary processes on loopback, each with a folder of its own, and what they cost."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

ENVIRONMENT: Final = "HIVESIGHT_BENCH_PROMETHEUS"
ALERTMANAGER_ENVIRONMENT: Final = "HIVESIGHT_BENCH_ALERTMANAGER"
NOTHING_SCRAPED: Final = "global: {scrape_interval: 15s, evaluation_interval: 1h}\n"
_START_SECONDS: Final = 60
_QUIET_SHARE: Final = 0.05
_QUIET_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. data: where it keeps samples."""

    name: str
    url: str
    data: Path
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float:
        """User and system time that the process has taken, in steps of the kernel's tick (10 ms)."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def rss_bytes(self) -> int:
        """Resident memory."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def peak_rss_bytes(self) -> int:
        """The most that was resident since the process began."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:", 1)[1].split()[0]) * 1024

    def disk_bytes(self) -> int:
        """What the data take on disk."""
        return sum(file.stat().st_blocks * 512 for file in self.data.rglob("*") if file.is_file())

    def settle(self, most_seconds: float = 60) -> None:
        """Waits until the server does nothing by itself, as compacting what it was given."""
        until = time.monotonic() + most_seconds
        while time.monotonic() < until:
            before = self.cpu_seconds()
            time.sleep(_QUIET_SECONDS)
            if self.cpu_seconds() - before < _QUIET_SHARE * _QUIET_SECONDS:
                return


def find_prometheus(named: str | None) -> str | None:
    """The Prometheus to compare with: the one named, else that of the environment, else that of PATH."""
    return _find("prometheus", named or os.environ.get(ENVIRONMENT))


def find_alertmanager(named: str | None) -> str | None:
    """The Alertmanager to compare with, likewise; Debian calls it prometheus-alertmanager."""
    return _find("prometheus-alertmanager", named or os.environ.get(ALERTMANAGER_ENVIRONMENT))


def _find(usual: str, wanted: str | None) -> str | None:
    if wanted is None:
        return shutil.which(usual)
    found = shutil.which(wanted)
    if found is None:
        raise SystemExit(f"there is no {usual} at {wanted}")
    return found


def version(binary: str) -> str:
    """What a Prometheus says it is, as `3.5.0`."""
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    return (said.stdout or said.stderr).split("version ", 1)[1].split()[0]


@contextlib.contextmanager
def hivesight(
    configuration: str = NOTHING_SCRAPED, *, alertmanager: str | None = None, rules: str | None = None
) -> Generator[Server]:
    """This checkout's server, with this prometheus.yml, alertmanager.yml and rules.yml."""
    with tempfile.TemporaryDirectory(prefix="hivesight-bench-") as folder:
        home = Path(folder)
        if rules is not None:
            (home / "rules.yml").write_text(rules)
        (home / "prometheus.yml").write_text(configuration)
        (home / "hivesight.yml").write_text("host: {enabled: false}\nlog: {level: error}\n")
        address = _free_address()
        command = [sys.executable, "-m", "hivesight", "up", "--config", str(home / "hivesight.yml")]
        command += ["--listen", address, "--data", str(home / "data")]
        command += ["--prometheus-config", str(home / "prometheus.yml"), "--otlp-http", "off", "--otlp-grpc", "off"]
        if alertmanager is not None:
            (home / "alertmanager.yml").write_text(alertmanager)
            command += ["--alertmanager-config", str(home / "alertmanager.yml")]
        with _running("hivesight", command, address, home / "data") as server:
            yield server


@contextlib.contextmanager
def prometheus(binary: str, configuration: str = NOTHING_SCRAPED, name: str = "prometheus") -> Generator[Server]:
    """A Prometheus with this prometheus.yml that takes remote write."""
    with tempfile.TemporaryDirectory(prefix="hivesight-bench-") as folder:
        home = Path(folder)
        (home / "prometheus.yml").write_text(configuration)
        address = _free_address()
        command = [binary, f"--config.file={home / 'prometheus.yml'}", f"--storage.tsdb.path={home / 'data'}"]
        command += [f"--web.listen-address={address}", "--web.enable-remote-write-receiver", "--log.level=error"]
        command += ["--enable-feature=promql-experimental-functions"]
        with _running(name, command, address, home / "data") as server:
            yield server


@contextlib.contextmanager
def alertmanager(binary: str, configuration: str) -> Generator[Server]:
    """An Alertmanager without a cluster, with this alertmanager.yml."""
    with tempfile.TemporaryDirectory(prefix="hivesight-bench-") as folder:
        home = Path(folder)
        (home / "alertmanager.yml").write_text(configuration)
        address = _free_address()
        command = [binary, f"--config.file={home / 'alertmanager.yml'}", f"--storage.path={home / 'data'}"]
        command += [f"--web.listen-address={address}", "--cluster.listen-address=", "--log.level=error"]
        with _running("alertmanager", command, address, home / "data") as server:
            yield server


@contextlib.contextmanager
def both(binary: str | None, configuration: str = NOTHING_SCRAPED) -> Generator[list[Server]]:
    """Ours, and where there is a Prometheus that too."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(hivesight(configuration))]
        if binary is None:
            print(f"no prometheus on PATH, in --prometheus or in {ENVIRONMENT}: ours is measured alone")
        else:
            print(f"compared with Prometheus {version(binary)}")
            servers.append(stack.enter_context(prometheus(binary, configuration)))
        yield servers


@contextlib.contextmanager
def _running(name: str, command: list[str], address: str, data: Path) -> Generator[Server]:
    said = data.parent / "output"
    with said.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=data.parent)
    try:
        server = Server(name, f"http://{address}", data, process)
        _await_ready(server, said)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(server: Server, said: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and server.process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{server.url}/-/ready", timeout=5):
            return
        time.sleep(0.1)
    raise SystemExit(f"{server.name} did not start:\n{said.read_text(errors='replace')[-2000:]}")


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
