"""A whole hive as real processes in a directory of its own, asked over HTTP."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

T = TypeVar("T")
DEADLINE_SECONDS = 30.0


def eventually(look: Callable[[], T | None], what: str) -> T:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        try:
            found = look()
        except (httpx2.HTTPError, OSError, ValueError, KeyError):
            found = None
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {DEADLINE_SECONDS:g} s in vain: {what}")


class Hive:
    """A supervisor in a directory of its own; `env` is added to the environment."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.log = folder / "supervisor.log"
        command = [sys.executable, "-m", "agent_hive.supervisor", "--dir", str(folder), "--free-ports", "--rate", "10"]
        environment = os.environ | {"OPENAI_BASE_URL": "", **env}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self.client = httpx2.Client(trust_env=False, timeout=10)
        self.pids: set[int] = set()

    def read(self) -> dict[str, Any]:
        hive = json.loads((self.folder / "hive.json").read_text())
        self.pids |= {service["pid"] for service in hive["services"].values() if service["pid"]}
        return hive

    def url(self, name: str) -> str:
        return str(self.read()["services"][name]["url"])

    def fault(self, fault: str, service: str | None) -> httpx2.Response:
        return self.client.post(f"{self.read()['control_url']}/fault", json={"fault": fault, "service": service})

    def samples(self, service: str) -> list[Sample]:
        """What the service's /metrics holds."""
        text = self.client.get(f"{self.url(service)}/metrics").text
        return [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def completed(self) -> float:
        """How many tasks have been completed as a whole."""
        wanted = {"agent_type": "orchestrator", "status": "completed"}
        return sum(
            sample.value
            for sample in self.samples("agent-hive-orchestrator")
            if sample.name == "agent_hive_tasks_completed_total" and sample.labels.items() >= wanted.items()
        )

    def records(self, service: str) -> list[dict[str, Any]]:
        """What the service has logged."""
        return [json.loads(line) for line in (self.folder / "logs" / f"{service}.log").read_text().splitlines()]

    def end(self) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
