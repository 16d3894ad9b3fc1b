"""prometheus_client's multi-process mode: two processes, one scrape. Each case is a program of its own, because the
mode is chosen when prometheus_client is imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

WORKER = """
import hivesight_sdk as sdk
with sdk.tool("shared"):
    pass
sdk.record_queue("waiting", {length}, oldest_seconds={length})
sdk.record_circuit_breaker("b", "open")
sdk.LEARNING_ACCURACY.labels("m").set({length})
sdk.MEMORY_USAGE.labels("system").set({length})
"""
SCRAPE = """
import asyncio, urllib.request
import hivesight_sdk as sdk

async def ask(query=b""):
    sent = []
    async def send(message):
        sent.append(message)
    scope = {"type": "http", "method": "GET", "query_string": query, "headers": []}
    await sdk.metrics_app(scope, None, send)
    return sent[0]["status"], sent[1]["body"].decode()

with sdk.serve_metrics(port=0) as server:
    page = urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics").read().decode()
status, body = asyncio.run(ask())
assert (status, body) == (200, page)
some = asyncio.run(ask(b"name[]=agent_hive_task_queue_length"))[1]
assert "agent_hive_tool_calls_total" not in some and "agent_hive_task_queue_length" in some, some
print(page)
"""


def run(program: str, directory: Path) -> str:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_values_of_two_processes_are_merged(tmp_path: Path) -> None:
    directory = tmp_path / "made on first use"
    run(WORKER.format(length=3), directory)
    run(WORKER.format(length=2), directory)
    page = run(SCRAPE, directory).splitlines()
    assert 'agent_hive_tool_calls_total{outcome="success",tool="shared"} 2.0' in page
    assert 'agent_hive_tool_call_duration_seconds_count{outcome="success",tool="shared"} 2.0' in page
    assert 'agent_hive_task_queue_length{state="waiting"} 5.0' in page, "the sum of the queues"
    assert 'agent_hive_task_queue_oldest_seconds{state="waiting"} 3.0' in page, "the oldest of all"
    assert 'agent_hive_circuit_breaker_state{breaker="b",state="open"} 2.0' in page, "how many are open"
    assert 'agent_hive_learning_accuracy_percent{model_type="m"} 2.0' in page, "the latest"
    assert 'agent_hive_memory_usage_bytes{component="system"} 3.0' in page
    assert not [line for line in page if "pid=" in line]


def test_a_forked_worker_counts_beside_its_parent(tmp_path: Path) -> None:
    program = """
import os
import hivesight_sdk as sdk
sdk.record_retry("forked")
with sdk.tool("forked"):
    pass
pid = os.fork()
if pid == 0:
    sdk.record_retry("forked")
    with sdk.tool("forked"):
        pass
    os._exit(0)  # no time to write what waits
assert os.waitpid(pid, 0)[1] == 0
from hivesight_sdk.exposition import render
page = render(sdk.REGISTRY).body
assert b'agent_hive_task_retries_total{agent_type="forked"} 2.0' in page
assert b'agent_hive_tool_calls_total{outcome="success",tool="forked"} 2.0' in page
"""
    run(program, tmp_path)


def test_a_directory_that_cannot_be_leaves_each_process_its_own_values(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    program = """
import hivesight_sdk as sdk
sdk.record_retry("a")
from hivesight_sdk.exposition import render
response = render(sdk.REGISTRY)
assert response.status == 200
assert b'agent_hive_task_retries_total{agent_type="a"} 1.0' in response.body
"""
    run(program, blocked / "below")
