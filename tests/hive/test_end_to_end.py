"""The whole hive as real processes: it works, one part is killed and healed, everything ends."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hive.running import Hive, eventually


@pytest.fixture
def hive(tmp_path: Path) -> Iterator[Hive]:
    running = Hive(tmp_path)
    try:
        yield running
    finally:
        running.end()


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE}


def test_hive_works_breaks_heals_and_ends(hive: Hive) -> None:
    eventually(lambda: (hive.folder / "hive.json").exists(), "hive.json")
    state = hive.read()
    streaming = state["services"]["agent-hive-event-streaming"]
    target = (hive.folder / "targets" / "agent-hive-event-streaming.yml").read_text()
    assert target == f"- targets: ['127.0.0.1:{streaming['port']}']\n"
    assert len(list((hive.folder / "targets").iterdir())) == 4
    assert (hive.folder / "secrets" / "slack_url").read_text() == f"{state['inbox']['url']}/slack"
    assert (hive.folder / "secrets" / "slack_url").stat().st_mode & 0o077 == 0

    eventually(lambda: hive.completed() > 0, "the first finished task")
    events = f"{hive.url('agent-hive-event-streaming')}/events"
    kinds = eventually(lambda: {e["type"] for e in hive.client.get(events).json()["events"]} or None, "events")
    assert kinds <= {"task.started", "agent.handoff", "decision.made", "task.failed"}

    gateway = hive.url("agent-hive-api-gateway")
    task = hive.client.post(f"{gateway}/tasks", json={"code": "def f(:", "priority": "critical"}).json()["id"]
    look_up = f"{gateway}/tasks/{task}"
    failed = eventually(lambda: (a := hive.client.get(look_up).json())["state"] == "failed" and a, "the failed task")
    assert failed["error"] == "line 1: invalid syntax"

    assert hive.fault("kill", "event-streaming").status_code == 200
    assert refuses(streaming["port"])
    before = hive.completed()
    eventually(lambda: hive.completed() > before + 3, "work that goes on without the event stream")
    assert hive.read()["services"]["agent-hive-event-streaming"]["state"] == "killed"
    assert hive.fault("slow", "agent-hive-event-streaming").status_code == 409
    assert hive.fault("heal", None).status_code == 200
    eventually(lambda: hive.client.get(events).json()["events"] or None, "events after healing")
    assert hive.url("agent-hive-event-streaming").endswith(f":{streaming['port']}")

    for fault, service, message in (
        ("explode", "load", "kill, slow, errors, stuck, heal"),
        ("kill", None, "kill needs a service"),
        ("kill", "nope", "event-streaming"),
    ):
        answer = hive.fault(fault, service)
        assert (answer.status_code, message in answer.json()["error"]) == (400, True)

    own_death = hive.read()["services"]["inbox"]["pid"]
    os.kill(own_death, signal.SIGKILL)
    eventually(lambda: hive.read()["services"]["inbox"]["pid"] not in (None, own_death), "the inbox started again")

    hive.process.send_signal(signal.SIGTERM)
    assert hive.process.wait(10) == 0
    assert alive(hive.pids) == set()
    assert not (hive.folder / "hive.json").exists()


def test_nothing_outlives_a_killed_supervisor(hive: Hive) -> None:
    eventually(lambda: (hive.folder / "hive.json").exists(), "hive.json")
    eventually(lambda: hive.client.get(f"{hive.url('load')}/healthz").status_code == 200, "the load generator")
    hive.read()
    hive.process.kill()
    hive.process.wait(10)
    assert len(hive.pids) == 7
    eventually(lambda: not alive(hive.pids), "the end of all children")
