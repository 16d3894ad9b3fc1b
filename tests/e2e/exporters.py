"""What a hive stands on, run for real: Debian's exporters on free ports of loopback, with a Redis and a Postgres of the
test's own behind two of them."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from e2e.running import eventually, free_port

PACKAGES = {
    "prometheus-node-exporter": "prometheus-node-exporter",
    "prometheus-redis-exporter": "prometheus-redis-exporter",
    "prometheus-postgres-exporter": "prometheus-postgres-exporter",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
    "prometheus-pushgateway": "prometheus-pushgateway",
    "redis-server": "redis-server",
}
_POSTGRES = Path("/usr/lib/postgresql")


def needs(*programs: str) -> None:
    """Skips the test, naming the package, where a program is missing."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"needs Debian's package {PACKAGES.get(program, program)}")


class Exporters:
    """The exporters by the name of the job that scrapes them. addresses: host:port of each."""

    def __init__(self, directory: Path, programs: ExitStack) -> None:
        self._directory, self._programs = directory, programs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.addresses: dict[str, str] = {}

    def start(self, job: str, program: str, *arguments: str, **environment: str) -> None:
        """One more, which answers at /metrics."""
        address = self.addresses[job] = f"127.0.0.1:{free_port()}"
        command = (program, f"--web.listen-address={address}", *arguments)
        self._running[job] = self._programs.enter_context(running(self._directory, *command, environment=environment))
        url = f"http://{address}/metrics"
        eventually(lambda: httpx2.get(url).status_code == 200, 20, f"{program} answers")

    def kill(self, job: str) -> None:
        self._running[job].kill()


@contextmanager
def exporters(directory: Path, blackbox: Path) -> Generator[Exporters]:
    """All of them. blackbox: the file of the blackbox exporter."""
    needs(*PACKAGES)
    with ExitStack() as programs:
        found = Exporters(directory, programs)
        redis = str(free_port())
        arguments = ("--port", redis, "--bind", "127.0.0.1", "--save", "", "--dir", str(directory))
        programs.enter_context(running(directory, "redis-server", *arguments))
        postgres = programs.enter_context(_postgres())
        found.start("node-exporter", "prometheus-node-exporter")
        found.start("redis", "prometheus-redis-exporter", f"--redis.addr=redis://127.0.0.1:{redis}")
        found.start("postgres", "prometheus-postgres-exporter", DATA_SOURCE_NAME=postgres)
        found.start("blackbox", "prometheus-blackbox-exporter", f"--config.file={blackbox}")
        found.start("pushgateway", "prometheus-pushgateway")
        yield found


@contextmanager
def running(
    directory: Path, *command: str, environment: Mapping[str, str] | None = None, user: str | None = None
) -> Generator[subprocess.Popen[bytes]]:
    """A program, ended with the test. user: who runs it, where not the one who tests."""
    with (directory / f"{Path(command[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=directory, env={**os.environ, **(environment or {})}, user=user
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(20)


@contextmanager
def _postgres() -> Generator[str]:
    """A Postgres of one test, by the address for its exporter. It refuses to run as root, so root lends it a user."""
    found = sorted(_POSTGRES.glob("*/bin/initdb"))
    if not found:
        pytest.skip("needs Debian's package postgresql")
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    # Its files must be of that user, who may not look into a directory of the tests.
    with tempfile.TemporaryDirectory(prefix="hivesight-postgres-", ignore_cleanup_errors=True) as name:
        directory, port = Path(name), free_port()
        shutil.chown(directory, user)
        bin_ = found[-1].parent
        initdb = (str(bin_ / "initdb"), "-D", f"{directory}/data", "-U", "hive", "--auth=trust", "--no-sync")
        subprocess.run(initdb, cwd=directory, user=user, check=True, capture_output=True, timeout=60)
        options = ("-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", str(directory))
        with running(directory, str(bin_ / "postgres"), "-D", f"{directory}/data", *options, user=user):
            yield f"postgresql://hive@127.0.0.1:{port}/postgres?sslmode=disable"
