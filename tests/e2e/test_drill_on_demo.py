"""`hivesight drill --demo`: a service of a live hive is killed, its tasks fail, and the pack's receivers hear of it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from e2e.running import eventually

COMMAND = (sys.executable, "-m", "hivesight", "drill", "--demo", "--hurry")


def test_faults_of_the_hive_are_told_and_so_is_their_end(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "AgentHiveDown", "HighTaskFailureRate", "--output", "json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    down, failing = json.loads(done.stdout)
    assert "event-streaming: killed" in done.stderr and "hurried: " in done.stderr
    for rule, receiver, integrations in (
        (down, "agent-hive-down", {"webhook[0]", "slack[0]", "email[0]", "pagerduty[0]"}),
        (failing, "warning-alerts", {"slack[0]", "email[0]"}),
    ):
        assert rule["passed"] and rule["health"], rule
        (fault,) = rule["faults"]
        assert fault["fires_after_ms"] > 0 and fault["resolves_after_ms"] is not None
        assert fault["receivers"] == [receiver]
        for whose in ("firing", "resolved"):
            said = [each for each in fault["deliveries"] if any(a["alertname"] == rule["alert"] for a in each[whose])]
            assert {each["integration"] for each in said} == integrations, whose
            assert all(each["messages"] and not each["error"] for each in said)
    texts = [message["text"] for each in down["faults"][0]["deliveries"] for message in each["messages"]]
    assert any("agent-hive-event-streaming is down" in each for each in texts)


def test_ctrl_c_ends_server_and_hive(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        drill = subprocess.Popen(
            [*COMMAND, "AgentHiveDown"],
            stdout=log,
            stderr=log,
            cwd=tmp_path,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
    try:
        (state,) = eventually(lambda: [*tmp_path.glob("hivesight-drill-*/demo/hive.json")], 60, "the hive runs")
        control = eventually(
            lambda: state.read_bytes() and json.loads(state.read_bytes())["control_url"], 10, "its state"
        )
        assert httpx2.get(f"{control}/status").status_code == 200
        drill.send_signal(signal.SIGINT)
        assert drill.wait(60) != 0
    finally:
        drill.kill()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{control}/status")
    assert not [*tmp_path.glob("hivesight-drill-*")]
