"""Starts and stops the reference hive, and lays out the directory that the server then runs on."""

import contextlib
import importlib.util
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from hivesight import pack
from hivesight.model.errors import StartError

START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 2.5

# Where the pack's alertmanager.yml says mail and webhooks go; in the demo both go to its inbox.
_PACK_RELAY: Final = "localhost:8025"
_PACK_WEBHOOK: Final = "http://localhost:8086"


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where the demo's notifications arrive. url: its page. smtp: host:port of its mail server."""

    url: str
    smtp: str


class DemoHive:
    """The reference hive, running. `directory` holds prometheus.yml, alertmanager.yml, rules and targets."""

    def __init__(self, directory: Path, *, free_ports: bool = False) -> None:
        """free_ports: the usual ports are left to another hive."""
        self.directory = directory
        self._free_ports = free_ports
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def prometheus_config(self) -> Path:
        return self.directory / "prometheus.yml"

    @property
    def alertmanager_config(self) -> Path:
        return self.directory / "alertmanager.yml"

    def start(self) -> Inbox:
        """Starts the hive and writes the files. Raises StartError where it cannot run; says why."""
        for package, remedy in (("agent_hive", "hivesight"), ("aiosmtpd", "'hivesight[demo]'")):
            if importlib.util.find_spec(package) is None:
                raise StartError(f"--demo needs the Python package {package}: pip install {remedy}")
        self.directory.mkdir(parents=True, exist_ok=True)
        state = self.directory / "hive.json"
        state.unlink(missing_ok=True)
        log = self.directory / "supervisor.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "agent_hive.supervisor", "--dir", str(self.directory)),
                    *(("--free-ports",) if self._free_ports else ()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C reaches the server, which then ends the hive in order.
                start_new_session=True,
            )
        inbox = self._wait(state, log)
        pack.write(self.directory)
        text = self.alertmanager_config.read_text(encoding="utf-8")
        text = text.replace(_PACK_RELAY, inbox.smtp).replace(_PACK_WEBHOOK, inbox.url)
        self.alertmanager_config.write_text(text, encoding="utf-8")
        return inbox

    def _wait(self, state: Path, log: Path) -> Inbox:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if state.exists():
                inbox = orjson.loads(state.read_bytes())["inbox"]
                return Inbox(str(inbox["url"]), f"{inbox['smtp_host']}:{inbox['smtp_port']}")
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        self.stop()
        tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise StartError(f"the reference hive did not start; {log} ends with:\n{tail}")

    def stop(self) -> None:
        """Ends the hive and all its services, at the latest after a few seconds."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
            return
        process.kill()
        process.wait()
